// biome-ignore-all lint/suspicious/noTemplateCurlyInString: compose's references, not ours
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { composeProjectOf, findPassword } from '../../../src/config/compose-rules.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { passwordSource } from '../../../src/config/password.ts'
import { makeProject } from '../../support/tool/project.ts'
import { temporaryDirectory } from '../support/fixtures.ts'

type Setup = {
  files: Record<string, string>
  /** Of the service's env_file, in order. */
  names?: readonly string[]
  shell?: Record<string, string>
  project?: string
  raw?: boolean
}

/** The password with a compose of that version there, and how often it was asked. */
const find = async (
  { files, names = ['a.env'], shell = {}, project, raw = false }: Setup,
  version: string | Error,
) => {
  using directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) directory.write(name, text)
  let asked = 0
  const source = {
    key: 'PW',
    files: names.map((name) => ({
      path: join(directory.path, name),
      required: true,
      ...(raw && { format: 'raw' as const }),
    })),
  }
  const password = await findPassword(
    source,
    project === undefined ? undefined : { directory: join(directory.path, project), name: 'shop' },
    {
      shell,
      composeVersion: async () => {
        asked++
        if (version instanceof Error) throw version
        return version
      },
    },
  )
  return { password: password.reveal(), asked }
}

describe('a password whose value depends on the version of compose', () => {
  const earlier = {
    files: { 'a.env': 'X=file\n', 'b.env': 'PW=$X\n' },
    names: ['a.env', 'b.env'],
    shell: { X: 'shell' },
  }

  it.each([
    ['2.26.1-4', 'file'],
    ['2.34.0', 'file'],
    ['2.35.0', 'shell'],
    ['2.40.3-desktop.1', 'shell'],
    ['5.0.1', 'shell'],
  ])('is read as compose %s reads it: %s', async (version, expected) => {
    expect(await find(earlier, version)).toEqual({ password: expected, asked: 1 })
  })

  it('is refused where no compose can be asked, with a way out', async () => {
    await expect(find(earlier, new Error('docker compose is not installed.'))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('depends on the version of docker compose'),
      hint: expect.stringContaining('without a reference'),
    })
  })

  it.each<[string, Setup, string]>([
    ['no reference', { files: { 'a.env': "PW='a$b'\n" } }, 'a$b'],
    [
      'a reference to the shell alone',
      { files: { 'a.env': 'PW=${X:-d}\n' }, shell: { X: 'shell' } },
      'shell',
    ],
    ['a reference within one file', { files: { 'a.env': 'X=1\nPW=$X\n' } }, '1'],
  ])('asks nobody with %s', async (_, setup, expected) => {
    expect(await find(setup, new Error('nobody'))).toEqual({ password: expected, asked: 0 })
  })

  it('is an error of its file where both would refuse it', async () => {
    await expect(
      find({ files: { 'a.env': 'PW=${X:?set it}\n' } }, new Error('nobody')),
    ).rejects.toMatchObject({
      message: expect.stringContaining('required variable X is missing a value: set it'),
    })
  })
})

describe("the project's .env", () => {
  it.each<[string, Setup, string]>([
    ['is known to a reference', { files: { 'a.env': 'PW=$X\n', 'p/.env': 'X=own\n' }, project: 'p' }, 'own'],
    [
      'gives way to the shell',
      { files: { 'a.env': 'PW=$X\n', 'p/.env': 'X=own\n' }, project: 'p', shell: { X: 'shell' } },
      'shell',
    ],
    [
      'is inherited by a key alone',
      { files: { 'a.env': 'PW\n', 'p/.env': 'PW=own\n' }, project: 'p' },
      'own',
    ],
    ['refers to itself', { files: { 'a.env': 'PW=$Y\n', 'p/.env': 'X=1\nY=$X$X\n' }, project: 'p' }, '11'],
    ['need not be there', { files: { 'a.env': 'PW=a${X}b\n', 'p/x': '' }, project: 'p' }, 'ab'],
    [
      'is no business of a password without a reference, whatever is wrong with it',
      { files: { 'a.env': 'PW=a\n', 'p/.env': 'wrong line"' }, project: 'p' },
      'a',
    ],
    [
      'stands beside the name of the project',
      { files: { 'a.env': 'PW=$COMPOSE_PROJECT_NAME\n' }, project: '.' },
      'shop',
    ],
  ])('%s', async (_, setup, expected) => {
    expect(await find(setup, new Error('nobody'))).toMatchObject({ password: expected })
  })

  it('is looked for beside the compose file of the stack, else beside the env file where a compose file is too', () => {
    using project = makeProject({
      network: 'net',
      store: {},
      edit: (config) => {
        config.hosts = {
          local: {},
          vps: { stack: { file: '../deploy/compose.yml', project: 'po-shared' } },
        }
        config.environments.dev.password.env_file = '../app/postgres.env'
        config.environments.qual = { ...config.environments.dev, host: 'vps' }
      },
    })
    const config = loadConfig({ cwd: project.directory, env: {} })
    const find = (name: string) => composeProjectOf(config, name, passwordSource(config, name))
    expect(find('qual')).toEqual({ directory: join(project.directory, 'deploy'), name: 'po-shared' })
    expect(find('dev')).toBeUndefined()
    project.write('app/compose.yaml', '')
    expect(find('dev')).toEqual({ directory: join(project.directory, 'app') })
  })
})

it('a file of format raw gives the password as it stands', async () => {
  const files = { 'a.env': `PW="p$\{X}'#"\n` }
  expect(await find({ files, raw: true }, new Error('nobody'))).toEqual({ password: `"p$\{X}'#"`, asked: 0 })
})
