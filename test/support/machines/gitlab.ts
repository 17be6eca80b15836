import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { stringify } from 'yaml'
import type { TestRegistry } from '../engine/registry.ts'
import { needTool } from './apt.ts'
import type { CommandResult } from './checkout.ts'
import type { ReleaseHost } from './release-host.ts'

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

/** What GitLab has of its own registry. */
export const registryVariables = ({ address, login }: TestRegistry): Record<string, Variable> => ({
  CI_REGISTRY: address,
  CI_REGISTRY_IMAGE: `${address}/po`,
  CI_REGISTRY_USER: login.user,
  CI_REGISTRY_PASSWORD: login.password,
  GITLAB_CI: 'true',
})

/** What stands under Settings > CI/CD > Variables for deploys to that host. */
export const deployVariables = (
  { sshd, destination, releases }: ReleaseHost,
  registry: TestRegistry,
): Record<string, Variable> => ({
  SSH_PRIVATE_KEY: { file: readFileSync(join(sshd.directory, 'user'), 'utf8') },
  SSH_KNOWN_HOSTS: { file: readFileSync(join(sshd.directory, 'known_hosts'), 'utf8') },
  PO_VPS_SSH: destination,
  PO_VPS_RELEASES: releases,
  ...registryVariables(registry),
})

/** The variables above, which gitlab-ci-local would set itself. */
export const deployEnv = (): Record<string, string> => {
  const { PATH = '', HOME = '' } = process.env
  const ours = 'CI_REGISTRY,CI_REGISTRY_IMAGE,GITLAB_CI'
  return { PATH, HOME, LANG: 'C.UTF-8', GCL_IGNORE_PREDEFINED_VARS: ours }
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

/** Of these steps of a job those that its log tells of, in that order. */
export const stepsIn = (log: string, signs: Readonly<Record<string, RegExp>>): string[] =>
  Object.entries(signs)
    .map(([name, sign]) => [name, log.search(sign)] as const)
    .filter(([, at]) => at >= 0)
    .sort((a, b) => a[1] - b[1])
    .map(([name]) => name)
