import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { type EnvFileRules, parseEnvFile } from '../../../src/config/env-file.ts'
import { AppError, exitCodes } from '../../../src/errors.ts'

type Variables = Record<string, string>

/** The env files of one service, in order, and what is set in the shell. */
export type EnvQuestion = { files: readonly string[]; hostEnv: Variables }

/** What the container gets, or that compose refuses the files. */
export type EnvAnswer = { variables: Variables } | { error: string }

type Stored = { paths: string[]; hostEnv: Variables }

const batchSize = 16

/** Asks the parser, each file seeing the ones before it. */
export const askParser = ({ files, hostEnv }: EnvQuestion, rules?: EnvFileRules): EnvAnswer => {
  let values: ReadonlyMap<string, string> = new Map()
  try {
    for (const [index, text] of files.entries()) {
      const found = parseEnvFile(text, {
        file: `file${index}`,
        hostEnv,
        before: values,
        ...(rules && { rules }),
      })
      values = new Map([...values, ...found])
    }
    return { variables: Object.fromEntries(values) }
  } catch (error) {
    if (error instanceof AppError && error.exitCode === exitCodes.usage) return { error: error.message }
    throw error
  }
}

/** Messages are not compared: compose words them differently. */
export const comparable = (answer: EnvAnswer): Variables | 'error' =>
  'error' in answer ? 'error' : answer.variables

const minimalEnv = (): Variables => {
  const { PATH = '', HOME = '', DOCKER_CONFIG } = process.env
  return { PATH, HOME, ...(DOCKER_CONFIG && { DOCKER_CONFIG }) }
}

export const composeVersion = async (): Promise<string> => {
  const { stdout } = await execa('docker', ['compose', 'version', '--short'], {
    env: minimalEnv(),
    extendEnv: false,
    stdin: 'ignore',
  })
  return stdout.trim()
}

/** By which rules that compose reads. */
export const rulesOf = (version: string): EnvFileRules => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 2 || minor >= 35 ? '2.35' : '2.24'
}

const configArguments = ['compose', '-p', 'x', '-f', '-', '--env-file', '/dev/null', 'config']

const unescapeDollars = (environment: Record<string, string | null> = {}): Variables =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([key, value]) =>
      value === null ? [] : [[key, value.replaceAll('$$', '$')]],
    ),
  )

const askOnce = async (batch: readonly Stored[]): Promise<EnvAnswer[] | string> => {
  const services = Object.fromEntries(
    batch.map(({ paths }, index) => [`s${index}`, { image: 'none', env_file: paths }]),
  )
  const { exitCode, stdout, stderr } = await execa('docker', [...configArguments, '--format', 'json'], {
    env: { ...batch[0]?.hostEnv, ...minimalEnv() },
    extendEnv: false,
    cwd: tmpdir(),
    input: JSON.stringify({ services }),
    reject: false,
  })
  if (exitCode !== 0) return stderr
  const answer = JSON.parse(stdout)
  return batch.map((_, index) => ({ variables: unescapeDollars(answer.services[`s${index}`].environment) }))
}

/** One file that compose refuses fails the whole call: halve until it stands alone. */
const askBatch = async (batch: readonly Stored[]): Promise<EnvAnswer[]> => {
  const answers = await askOnce(batch)
  if (typeof answers !== 'string') return answers
  if (batch.length === 1) return [{ error: answers }]
  const middle = batch.length >> 1
  return [...(await askBatch(batch.slice(0, middle))), ...(await askBatch(batch.slice(middle)))]
}

/** Batches of questions with the same host variables, as indexes. */
const toBatches = (questions: readonly EnvQuestion[]): number[][] => {
  const groups = Map.groupBy(questions.keys(), (index) => JSON.stringify(questions[index]!.hostEnv))
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / batchSize) }, (_, batch) =>
      group.slice(batch * batchSize, (batch + 1) * batchSize),
    ),
  )
}

const store = async (directory: string, questions: readonly EnvQuestion[]): Promise<Stored[]> =>
  await Promise.all(
    questions.map(async ({ files, hostEnv }, question) => {
      const paths = files.map((_, file) => join(directory, `${question}-${file}.env`))
      await Promise.all(files.map((text, file) => writeFile(paths[file]!, text)))
      return { paths, hostEnv }
    }),
  )

/** Asks the real `docker compose config`; answers stand in the order of the questions. No daemon is needed. */
export const askCompose = async (questions: readonly EnvQuestion[]): Promise<EnvAnswer[]> => {
  await composeVersion()
  const directory = await mkdtemp(join(tmpdir(), 'compose-env-'))
  try {
    const stored = await store(directory, questions)
    const answers: EnvAnswer[] = []
    const batches = toBatches(questions)
    const work = async (): Promise<void> => {
      for (let batch = batches.pop(); batch; batch = batches.pop()) {
        const found = await askBatch(batch.map((index) => stored[index]!))
        for (const [position, index] of batch.entries()) answers[index] = found[position]!
      }
    }
    await Promise.all(Array.from({ length: availableParallelism() }, work))
    return answers
  } finally {
    await rm(directory, { recursive: true })
  }
}
