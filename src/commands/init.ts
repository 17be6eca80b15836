import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { configIn, projectDirectory, searchConfig } from '../config/find.ts'
import { parseConfig } from '../config/load.ts'
import { dbmateImage } from '../config/resolve.ts'
import { AppError, type ExitCode, exitCodes } from '../errors.ts'
import { type GlobalOptions, type Program, paintFor, type Wire, withoutRunFlags } from '../frame/options.ts'
import { agree, askAll } from '../init/answer.ts'
import { type Change, findChanges } from '../init/plan/changes.ts'
import { chooseServer } from '../init/plan/choose-server.ts'
import type { Ci } from '../init/plan/ci-files.ts'
import type { Answers, Facts } from '../init/plan/facts.ts'
import { type Proposal, propose } from '../init/plan/propose.ts'
import { readFacts } from '../init/read-facts.ts'
import { readServer } from '../init/read-server.ts'
import { renderChanges } from '../init/render-changes.ts'
import { makeDirectories } from '../make-directories.ts'
import type { Context } from '../model/context.ts'
import { status } from './status.ts'
import { verbs } from './verbs.ts'

export type InitOptions = GlobalOptions & { yes: boolean; force: boolean; ci?: Ci | undefined }

export const initCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.init,
    (args) =>
      withoutRunFlags(args)
        .option('yes', { type: 'boolean', default: false, describe: 'Ask nothing: take what is suggested' })
        .option('force', { type: 'boolean', default: false, describe: 'Write over files that are there' })
        .option('ci', {
          choices: ['gitlab', 'github'] as const,
          describe: 'Also a job that checks the migrations',
        })
        .example('$0 init --yes', '')
        .example('$0 init --ci gitlab', ''),
    wire(init),
  )

type Place = { root: string; file?: string | undefined }

/** The project here, or the one around that has a config already. */
const findPlace = ({ config }: GlobalOptions, { cwd }: Context): Place => {
  if (config !== undefined) {
    const file = resolve(cwd, config)
    return { root: projectDirectory(dirname(file)), file }
  }
  const root = projectDirectory(cwd)
  const file = configIn(root) ?? searchConfig(cwd)
  return file === undefined ? { root } : { root: projectDirectory(dirname(file)), file }
}

const plain = 'environments: { dev: { password: { env_file: .env } } }\n'

/** What the config would find by itself. */
const defaultsOf = (root: string, { place, project }: Facts, { env }: Context) => {
  const path = join(root, place)
  const config = parseConfig({ path, text: `project: ${project}\n${plain}`, env })
  return { network: config.environments.dev?.network ?? '', image: dbmateImage(config) }
}

const readText = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, 'utf8') : undefined

const isTerminal = ({ stdin, stderr }: Context): boolean => stdin.isTTY === true && stderr.isTTY === true

const unanswered = (what: string): AppError =>
  new AppError(`${what}, and there is no terminal to ask on.`, {
    exitCode: exitCodes.refused,
    hint: 'po-migrate init --yes',
  })

const say = (lines: readonly string[], options: GlobalOptions, context: Context): void => {
  if (!options.quiet) for (const line of lines) context.stderr.write(`${line}\n`)
}

type Planned = { root: string; proposal: Proposal }

/** The server is asked once it is known which; what it says may answer what is open. */
const plan = async (options: InitOptions, { root, file }: Place, context: Context): Promise<Planned> => {
  const found = await readFacts(root, file && relative(root, file), context)
  const { network, image } = defaultsOf(root, found, context)
  const wishes = { ci: options.ci, network, freshPassword: randomBytes(18).toString('base64url') }
  const asks = isTerminal(context) && !options.yes
  const chosen: Answers = asks ? await askAll(chooseServer(found, {}).questions, context) : {}
  const { server } = chooseServer(found, chosen)
  const asked = server ? await readServer(server, { root, image }, context) : {}
  const facts = {
    ...found,
    server: asked.server,
    notes: [...found.notes, ...(asked.note ? [asked.note] : [])],
  }
  const open = propose(facts, chosen, wishes).questions.filter(({ id }) => !(id in chosen))
  const answers = asks ? { ...chosen, ...(await askAll(open, context)) } : chosen
  return { root, proposal: propose(facts, answers, wishes) }
}

/** @throws AppError (exit 4) when nobody agrees. */
const requireAgreement = async (
  changes: readonly Change[],
  options: InitOptions,
  context: Context,
): Promise<void> => {
  if (options.yes || changes.length === 0) return
  if (!isTerminal(context)) throw unanswered('Files would be written')
  const paths = changes.map(({ path }) => path).join(', ')
  if (!(await agree(`Write ${paths}?`, context)))
    throw new AppError('Nothing was written.', { exitCode: exitCodes.refused, hint: 'po-migrate init' })
}

const ownerOnly = 0o600

const write = (root: string, { path, after, secret }: Change): void => {
  makeDirectories(dirname(join(root, path)))
  writeFileSync(join(root, path), after, secret ? { mode: ownerOnly } : {})
}

/** Writes a config from what is found, shows what it writes, and then the state of every database. */
export const init = async (options: InitOptions, context: Context): Promise<ExitCode> => {
  const place = findPlace(options, context)
  const { root, proposal } = await plan(options, place, context)
  const changes = findChanges(proposal.files, (path) => readText(join(root, path)))
  const written = changes.filter(({ isKept }) => !isKept || options.force)
  const shown = renderChanges(changes, paintFor(context.stdout, options, context))
  const stream = options.json ? context.stderr : context.stdout
  stream.write(shown)
  say(proposal.notes, options, context)
  await requireAgreement(written, options, context)
  for (const change of written) write(root, change)
  const names = written.map(({ path }) => path).join(', ')
  say(
    [names ? `written: ${names}` : 'nothing to write: everything is as it would be written'],
    options,
    context,
  )
  const { next } = paintFor(context.stderr, options, context).symbols
  if (proposal.next.length === 0 || written.length === 0)
    await status({ ...options, environments: [], db: [], exitCode: false, all: false }, context)
  say(
    proposal.next.map((command) => `${next} ${command}`),
    options,
    context,
  )
  return exitCodes.done
}
