import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { stringify } from 'yaml'
import { needTool } from './apt.ts'
import type { CommandResult } from './checkout.ts'

const version = '4.75.1'
const cache = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'po-migrate',
  `gitlab-ci-local-${version}`,
)
const bin = join(cache, 'node_modules/.bin/gitlab-ci-local')

/** GitLab's jobs really run, by npm's gitlab-ci-local, whose shell executor needs git and rsync. */
export const installGitlab = async (): Promise<void> => {
  await needTool('rsync', 'rsync')
  if (existsSync(bin)) return
  mkdirSync(cache, { recursive: true })
  await execa('npm', ['install', '--no-save', '--prefix', cache, `gitlab-ci-local@${version}`], {
    cwd: cache,
  })
}

export type Variable = string | { file: string }

export type GitlabOptions = {
  /** A clone with a commit. */
  cwd: string
  env: Record<string, string>
  /** CI/CD variables; a file's text arrives as a path, as GitLab's File variables do. */
  variables: Record<string, Variable>
}

/** Runs the jobs of the clone's .gitlab-ci.yml as a pipeline of the default branch would. */
export const runGitlab = async (
  args: readonly string[],
  { cwd, env, variables }: GitlabOptions,
): Promise<CommandResult> => {
  const home = mkdtempSync(join(tmpdir(), 'pmt-gitlab-'))
  mkdirSync(join(home, '.gitlab-ci-local'))
  const global = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string'
        ? { type: 'variable', values: { '*': value } }
        : { type: 'file', values: { '*': value.file } },
    ]),
  )
  writeFileSync(join(home, '.gitlab-ci-local/variables.yml'), stringify({ global }), { mode: 0o600 })
  const node = join(import.meta.dirname, '../../../node_modules/node/bin')
  try {
    const { exitCode, stdout, stderr, all } = await execa(
      bin,
      ['--home', home, '--force-shell-executor', '--no-color', ...args],
      {
        cwd,
        env: { ...env, PATH: `${node}:${env.PATH ?? process.env.PATH}` },
        extendEnv: false,
        reject: false,
        all: true,
        stdin: 'ignore',
      },
    )
    return { exit: exitCode ?? -1, stdout, stderr, all }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
