import { AppError, exitCodes } from '../../errors.ts'

export const defaultSocket = 'unix:///var/run/docker.sock'

const scheme = /^(?:([a-z]+):\/\/)?(.*)$/s
/** Whoever is named before an `@` is nobody's business. */
const tcp = /^(?:[^@/]*@)?(?<host>\[[^\]]*\]|[^:/]*)(?::(?<port>\d*))?(?<path>\/.*)?$/

const misspelt = (value: string, why: string): AppError =>
  new AppError(`DOCKER_HOST=${value} names no Docker engine: ${why}.`, {
    exitCode: exitCodes.unreachable,
    hint: `unset DOCKER_HOST, or: export DOCKER_HOST=${defaultSocket}`,
  })

const parseTcp = (address: string, tls: boolean): string | undefined => {
  const { host, port, path = '' } = tcp.exec(address)?.groups ?? {}
  if (host === undefined || Number(port || 0) > 65_535) return undefined
  return `tcp://${host || 'localhost'}:${port || (tls ? 2376 : 2375)}${path}`
}

/**
 * A DOCKER_HOST value in full, by the docker CLI's rules: without a scheme it is tcp, and what is left out has its default.
 * Source: ParseHost in docker/cli's opts/hosts.go.
 * @throws AppError (exit 6) for what the CLI would not take either.
 */
export const parseDockerHost = (value: string, tls: boolean): string => {
  const [, named = 'tcp', address = ''] = scheme.exec(value.trim()) ?? []
  switch (named) {
    case 'tcp': {
      const parsed = parseTcp(address, tls)
      if (parsed === undefined) throw misspelt(value, 'it is no HOST:PORT')
      return parsed
    }
    case 'unix':
      return address ? `unix://${address}` : defaultSocket
    case 'npipe':
      return `npipe://${address || '//./pipe/docker_engine'}`
    case 'ssh':
      return `ssh://${address}`
    default:
      throw misspelt(value, `"${named}://" is none of unix://, tcp://, npipe://`)
  }
}
