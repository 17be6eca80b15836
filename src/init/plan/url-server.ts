import { isLocal } from './choose-server.ts'
import type { EnvironmentText } from './config-text.ts'
import type { UrlFacts } from './facts.ts'
import { directoryOf, pathFrom } from './paths.ts'

/** Where `url_env` is looked for by itself. */
const searched = new Set(['', 'infrastructure'])

/** A relative one is the project's. */
const fileFrom = (place: string, path: string): string =>
  path.startsWith('/') ? path : pathFrom(place, path)

/** `server:` for a URL that leads to no container here. */
export const serverOf = (url: UrlFacts, place: string): Record<string, unknown> => {
  const { key, file, host, port, user, hasPassword, spelled } = url
  const source = file === undefined ? undefined : pathFrom(place, file)
  if (!spelled)
    return {
      url_env: key,
      ...(source !== undefined && !searched.has(directoryOf(place)) && { env_file: source }),
    }
  const { mode = 'require', ...certificates } = spelled
  const files = Object.entries(certificates).map(([name, path]) => [name, fileFrom(place, path)])
  const isSecured = Object.keys(spelled).length > 0
  return {
    host,
    ...(port !== 5432 && { port }),
    user,
    ...(hasPassword && { password: { env_file: pathFrom(place, file ?? '.env'), key } }),
    ...(isSecured && { tls: { mode, ...Object.fromEntries(files) } }),
  }
}

export const addressOf = ({ host, port }: UrlFacts): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/** The environment of a URL that leads to no container here. */
export const urlEnvironment = (url: UrlFacts, place: string): EnvironmentText => ({
  about: [
    `${url.key} leads to ${addressOf(url)}, which is no container of this engine: Postgres is asked there.`,
  ],
  settings: { server: serverOf(url, place) },
  elsewhere: !isLocal(url),
})
