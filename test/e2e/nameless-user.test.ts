import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CommandResult, run } from '../support/engine/docker.ts'

/** Readable for everybody: the bundle, Node, and a project that another user may stand in. */
let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pmt-nameless-'))
  chmodSync(directory, 0o755)
  cpSync(join(import.meta.dirname, '../../dist'), join(directory, 'dist'), { recursive: true })
  copyFileSync(process.execPath, join(directory, 'node'))
  mkdirSync(join(directory, 'infrastructure/migrations/shop'), { recursive: true })
  writeFileSync(
    join(directory, 'infrastructure/migrations/shop/00001_a.sql'),
    '-- migrate:up\ncreate table a (id int);\n\n-- migrate:down\ndrop table a;\n',
  )
  writeFileSync(
    join(directory, 'infrastructure/migrate.yaml'),
    `dbmate: {image: amacneil/dbmate:2.36.0}
hosts: {local: {}}
environments: {dev: {host: local, network: none, password: {env_file: postgres.env}}}
`,
  )
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** As a uid that has no entry in passwd, with nothing of root's rights. */
const asNobodyKnown = (
  args: string,
  env: Record<string, string | undefined> = {},
): Promise<CommandResult> => {
  const tool = [join(directory, 'node'), join(directory, 'dist/po-migrate.cjs'), ...args.split(' ')]
  const user = ['--reuid', '4242', '--regid', '4242', '--clear-groups', '--inh-caps=-all']
  return run('setpriv', [...user, ...tool], {
    cwd: directory,
    env: { HOME: undefined, DOCKER_HOST: 'unix:///no/such/engine.sock', DOCKER_CONFIG: undefined, ...env },
  })
}

describe('a uid without an entry in passwd, and without HOME', () => {
  it('is told the version', async () => {
    expect(await asNobodyKnown('--version')).toMatchObject({ exit: 0, stderr: '' })
  })

  it('can lint', async () => {
    const { exit, stdout, stderr } = await asNobodyKnown('lint')
    expect(exit, stdout + stderr).toBe(0)
  })

  it('is told in a sentence that it has no place for locks and backups, and what gives it one', async () => {
    writeFileSync(join(directory, 'infrastructure/postgres.env'), 'POSTGRES_PASSWORD=x\n')
    const { exit, stderr } = await asNobodyKnown('up dev')
    expect(exit).toBe(2)
    expect(stderr).toContain('This user has no home directory')
    expect(stderr).toContain('→ export HOME=')
    const other = await asNobodyKnown('up dev', { XDG_STATE_HOME: '/tmp/pmt-nameless-state', HOME: '/' })
    expect(other.exit, other.stderr).toBe(6)
    rmSync('/tmp/pmt-nameless-state', { recursive: true, force: true })
  })
})
