import { chooseServer, type ServerChoice } from './choose-server.ts'
import { type Ci, ciFile } from './ci-files.ts'
import { type EnvironmentText, writeConfig } from './config-text.ts'
import type { Answers, Facts, FoundServer, PasswordPlace, Question, UrlFacts } from './facts.ts'
import { nameDatabases } from './name-databases.ts'
import { makeServer, newPassword } from './new-server.ts'
import { pathFrom } from './paths.ts'
import type { ProposedFile } from './proposed-file.ts'
import { urlEnvironment } from './url-server.ts'

export type Proposal = {
  files: readonly ProposedFile[]
  /** What was found, and what is missing. */
  notes: readonly string[]
  questions: readonly Question[]
  /** What to type before the first run. */
  next: readonly string[]
}

export type Wishes = {
  ci?: Ci | undefined /** For a server that is still to be made. */
  freshPassword: string /** The default network of the project, as the config finds it. */
  network: string
}

const ownSecrets = 'migrate.env'

type Password = { setting: Record<string, unknown>; files: ProposedFile[]; note?: string }

const writePassword = (place: string, from: string, value: string): Password => ({
  setting: { env_file: pathFrom(place, ownSecrets) },
  files: [
    {
      path: ownSecrets,
      text: `${newPassword.key}='${value.replaceAll("'", "\\'")}'\n`,
      how: 'append',
      secret: true,
    },
    { path: '.gitignore', text: `${ownSecrets}\n`, how: 'append' },
  ],
  note: `the password stands in ${from} alone, which a config cannot name: it is written to ${ownSecrets} as well`,
})

const placePassword = (place: string, password: PasswordPlace): Password => {
  if (password.kind === 'text') return writePassword(place, password.from, password.value.reveal())
  if (password.kind === 'trust')
    return {
      ...writePassword(place, 'no file', 'trust'),
      note: `the server asks for no password: one that it ignores is written to ${ownSecrets}`,
    }
  if (password.kind === 'whole')
    return { setting: { env_file: { path: pathFrom(place, password.file), format: 'value' } }, files: [] }
  const { file, key } = password.kind === 'key' ? password : newPassword
  return {
    setting: { env_file: pathFrom(place, file), ...(key !== newPassword.key && { key }) },
    files: [],
    ...(password.kind === 'unknown' && {
      note: `no password was found: write one into ${file} as ${key}, or correct env_file: and key:`,
    }),
  }
}

const describe = ({ service, network }: FoundServer, { compose }: Facts): string =>
  compose?.servers.some((one) => one.service === service)
    ? `Postgres is the service ${service} of ${compose.file}.`
    : `Postgres is the container ${service}, on the network ${network}.`

/** What is written, and what the project's own compose file would say by itself. */
const settingsOf = (
  server: FoundServer,
  { named }: ServerChoice,
  wishes: Wishes,
): Record<string, unknown> => ({
  ...(server.network !== wishes.network && { network: server.network }),
  ...(named && { service: server.service }),
  ...(server.port !== 5432 && { port: server.port }),
  ...(server.user !== 'postgres' && { user: server.user }),
  ...(server.password.kind === 'trust' && { auth: 'any' }),
})

const nowhere = (url: UrlFacts | undefined): string[] => [
  ...(url?.unusable ? [url.unusable] : []),
  'Say where Postgres is: network: its Docker network, service: its name there; or server:, where it is no container.',
]

const roleNotes = ({ server }: Facts, user: string): string[] => {
  if (!server || server.superuser) return []
  const may = server.createsDatabases
    ? 'may create databases'
    : 'may not create databases: an up that needs one is refused'
  return [`${user} is no superuser: migrations may do what it may, and it ${may}`]
}

const environmentOf = (
  facts: Facts,
  choice: ServerChoice,
  wishes: Wishes,
): { text: EnvironmentText; files: readonly ProposedFile[]; note?: string | undefined } => {
  const { server, missing } = choice
  const { url } = facts
  if (!server && !missing && url && !url.unusable)
    return { text: urlEnvironment(url, facts.place), files: [] }
  const place: PasswordPlace = missing
    ? { kind: 'key', ...newPassword }
    : (server?.password ?? { kind: 'unknown' })
  const password = placePassword(facts.place, place)
  const about = server
    ? [describe(server, facts)]
    : missing
      ? ['Postgres is the service postgres of compose.yaml.']
      : nowhere(facts.url)
  return {
    text: {
      about,
      settings: { ...(server && settingsOf(server, choice, wishes)), password: password.setting },
    },
    files: password.files,
    note: password.note,
  }
}

const styleNotes = ({ directories }: Facts): string[] =>
  directories.map(({ path, versions }) => {
    if (versions.length === 0) return `${path}: no migration yet`
    const count = versions.length === 1 ? '1 migration' : `${versions.length} migrations`
    return `${path}: ${count}, the newest ${versions.at(-1)}`
  })

/** The config of a project, from what was found and what was answered; with what else has to be written. */
export const propose = (facts: Facts, answers: Answers, wishes: Wishes): Proposal => {
  const choice = chooseServer(facts, answers)
  const databases = nameDatabases(facts, choice.server?.database, answers)
  const { text, files, note } = environmentOf(facts, choice, wishes)
  const config = writeConfig({
    place: facts.place,
    project: facts.project,
    environment: text,
    choice: databases,
  })
  const made = choice.missing ? makeServer(facts.project, wishes.freshPassword) : []
  const store = databases.store !== undefined && facts.directories.length === 0 ? databases.store : undefined
  return {
    files: [
      ...made,
      { path: facts.place, text: config, how: 'create' },
      ...files,
      ...(store ? [{ path: `${store}/.gitkeep`, text: '', how: 'create' as const }] : []),
      ...(wishes.ci ? [ciFile(wishes.ci)] : []),
    ],
    notes: [
      ...facts.notes,
      ...text.about,
      ...styleNotes(facts),
      ...roleNotes(facts, choice.server?.user ?? 'postgres'),
      ...(note ? [note] : []),
    ],
    questions: [...choice.questions, ...databases.questions],
    next: [
      ...(choice.missing ? ['docker compose up --detach --wait'] : []),
      ...(store ? ['po-migrate new NAME initial_schema'] : []),
    ],
  }
}
