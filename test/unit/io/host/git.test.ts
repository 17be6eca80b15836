import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readRevision } from '../../../../src/io/host/git.ts'
import { runShell } from '../../../../src/io/host/shell.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../../support/fixtures.ts'

let directory: TemporaryDirectory
let migrations: string
const env = { PATH: process.env.PATH, HOME: '/nowhere' }
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', directory.path, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()

const commit = (): string => {
  git('init', '--quiet')
  git('add', '.')
  git('commit', '--quiet', '--message', 'first')
  return git('rev-parse', 'HEAD')
}

beforeEach(() => {
  directory = temporaryDirectory()
  migrations = join(directory.path, 'migrations')
  mkdirSync(migrations)
  directory.write('migrations/00001_a.sql', 'select 1;\n')
})
afterEach(() => directory[Symbol.dispose]())

const revision = () => readRevision(migrations, env, runShell)

describe('the revision of a store', () => {
  it('is the commit of its checkout, clean', async () => {
    const head = commit()
    expect(await revision()).toEqual({ commit: head, dirty: false })
  })

  it.each([
    ['a file is changed', 'migrations/00001_a.sql'],
    ['a file is new', 'migrations/00002_b.sql'],
  ])('is dirty when %s', async (_, file) => {
    const head = commit()
    directory.write(file, 'select 2;\n')
    expect(await revision()).toEqual({ commit: head, dirty: true })
  })

  it('is clean when something beside the store has changed', async () => {
    const head = commit()
    directory.write('README.md', 'text\n')
    expect(await revision()).toEqual({ commit: head, dirty: false })
  })

  it.each([
    ['4f2a', { commit: '4f2a', dirty: false }],
    ['4f2a dirty', { commit: '4f2a', dirty: true }],
    ['', { commit: null, dirty: false }],
  ])('is what a release says in REVISION (%j), also inside a checkout', async (text, expected) => {
    commit()
    directory.write('REVISION', `${text}\n`)
    expect(await revision()).toEqual(expected)
  })

  it('is unknown without git, without a commit, and outside a checkout', async () => {
    const unknown = { commit: null, dirty: null }
    expect(await revision()).toEqual(unknown)
    git('init', '--quiet')
    expect(await revision()).toEqual(unknown)
    git('add', '.')
    git('commit', '--quiet', '--message', 'first')
    expect(await readRevision(migrations, { PATH: '/nowhere' }, runShell)).toEqual(unknown)
  })
})
