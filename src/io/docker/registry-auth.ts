import type { Shell } from '../host/shell.ts'
import { readDockerConfig } from './endpoint.ts'

export type RegistryCredentials =
  | { username: string; password: string; serveraddress: string }
  | { identitytoken: string; serveraddress: string }

type DockerConfig = {
  auths?: Record<string, { auth?: string; identitytoken?: string }>
  credsStore?: string
  credHelpers?: Record<string, string>
}

const hubKey = 'https://index.docker.io/v1/'

/** The registry of an image reference, as Docker reads it: the first part when it looks like a host. */
export const registryOf = (reference: string): string => {
  const [first = '', rest] = reference.split('/', 2)
  const isHost = rest !== undefined && (first.includes('.') || first.includes(':') || first === 'localhost')
  return isHost ? first : 'docker.io'
}

const parseAnswer = (text: string): { Username: string; Secret: string } | undefined => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const fromHelper = async (
  { helper, key, env }: { helper: string; key: string; env: Record<string, string | undefined> },
  shell: Shell,
): Promise<RegistryCredentials | undefined> => {
  const { exitCode, stdout } = await shell(`docker-credential-${helper}`, ['get'], { env, input: key })
  if (exitCode !== 0) return undefined
  const answer = parseAnswer(stdout)
  if (!answer) return undefined
  const { Username, Secret } = answer
  return Username === '<token>'
    ? { identitytoken: Secret, serveraddress: key }
    : { username: Username, password: Secret, serveraddress: key }
}

/**
 * What `docker login` stored for a registry: in config.json, or with a credential helper.
 * dockerode reads neither, so a pull passes them on.
 */
export const readRegistryCredentials = async (
  registry: string,
  env: Record<string, string | undefined>,
  shell: Shell,
): Promise<RegistryCredentials | undefined> => {
  const { auths = {}, credsStore, credHelpers = {} } = readDockerConfig(env) as DockerConfig
  const key = registry === 'docker.io' ? hubKey : registry
  const helper = credHelpers[key] ?? credsStore
  if (helper) return fromHelper({ helper, key, env }, shell)
  const entry = auths[key] ?? auths[`https://${key}`]
  if (entry?.identitytoken) return { identitytoken: entry.identitytoken, serveraddress: key }
  if (!entry?.auth) return undefined
  const decoded = Buffer.from(entry.auth, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1), serveraddress: key }
}
