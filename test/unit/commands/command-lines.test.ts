import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { restoreCommandLine } from '../../../src/backup/conduct-restore.ts'
import { planCommandLine, upCommandLine } from '../../../src/commands/plan.ts'
import { rollbackCommandLine } from '../../../src/commands/rollback.ts'
import { cutoverCommandLine } from '../../../src/cutover/conduct.ts'
import type { GlobalOptions } from '../../../src/frame/options.ts'
import { standingFlags } from '../../../src/frame/standing-flags.ts'
import { makeProject } from '../../support/tool/project.ts'
import { runTool } from '../../support/tool/tool.ts'
import { temporaryDirectory } from '../support/fixtures.ts'

const global: GlobalOptions = {
  ...{ json: false, quiet: false, verbose: false, color: true, lockWait: 60, here: false },
}
const nothingLifted = { allowOutOfOrder: [], allowMissing: [], acceptEdit: [], acceptWarning: [] }

describe('a command that is to be typed again', () => {
  it('of up and plan repeats databases and all that was lifted', () => {
    const options = {
      ...{ environment: 'prod', db: ['iam', 'rag'], continueOnError: true },
      ...{ allowOutOfOrder: ['00003'], allowMissing: ['00004'] },
      ...{ acceptEdit: ['00001', '00002'], acceptWarning: ['drop-table'] },
    }
    const rest =
      'prod --db iam --db rag --allow-out-of-order 00003 --allow-missing 00004 --accept-edit 00001 --accept-edit 00002 --accept-warning drop-table'
    expect(upCommandLine(options)).toBe(`po-migrate up ${rest} --continue-on-error`)
    expect(upCommandLine({ ...options, jobs: 3 })).toBe(`po-migrate up ${rest} --continue-on-error --jobs 3`)
  })

  it('of plan leaves out what only up has', () => {
    const options = { ...nothingLifted, environment: 'prod', db: ['iam'], continueOnError: true, jobs: 3 }
    expect(planCommandLine(options)).toBe('po-migrate plan prod --db iam')
  })

  it('quotes a name that a shell would take apart', () => {
    expect(upCommandLine({ ...nothingLifted, environment: 'dev', db: ['my shop'] })).toBe(
      "po-migrate up dev --db 'my shop'",
    )
  })

  it.each([
    [{}, 'po-migrate rollback dev --db iam'],
    [{ steps: 3 }, 'po-migrate rollback dev --db iam --steps 3'],
    [{ to: '00007' }, 'po-migrate rollback dev --db iam --to 00007'],
  ])('of rollback with %j is %s', (target, expected) => {
    expect(rollbackCommandLine({ ...global, environment: 'dev', db: 'iam', ...target })).toBe(expected)
  })

  it('of restore repeats the backup, the databases, and that it may be another project’s', () => {
    const options = { ...global, environment: 'dev', db: ['iam'], from: '/a b', foreign: true }
    expect(restoreCommandLine(options)).toBe("po-migrate restore dev --from '/a b' --foreign --db iam")
  })

  it('of cutover repeats what was given up', () => {
    const options = { ...global, attach: false, resume: false, undo: false, host: 'vps' }
    expect(cutoverCommandLine({ ...options, drop: ['old shop', 'audit'] })).toBe(
      "po-migrate cutover vps --drop 'old shop' --drop audit",
    )
    expect(cutoverCommandLine({ ...options, undo: true, drop: [] })).toBe('po-migrate cutover vps --undo')
  })
})

describe('--config', () => {
  it('is repeated only where the command would find another one', () => {
    using project = makeProject({ network: 'none', store: {} })
    using other = temporaryDirectory()
    const file = join(project.directory, 'infrastructure', 'migrate.yaml')
    const flags = (cwd: string, root?: string) =>
      standingFlags({ config: file, here: false }, { cwd, ...(root && { root }) })
    expect(flags(other.path)).toEqual([['--config', file]])
    expect(flags(join(project.directory, 'infrastructure'))).toEqual([])
    mkdirSync(join(other.path, 'releases'))
    symlinkSync(project.directory, join(other.path, 'releases', 'current'))
    expect(flags(other.path, join(other.path, 'releases', 'current'))).toEqual([])
    expect(standingFlags({ here: true }, { cwd: other.path })).toEqual([['--here']])
  })

  it('stands in the command that an error ends with, and in that of the last event', async () => {
    using project = makeProject({ network: 'none', store: { iam: { '00001_a.sql': '' } } })
    using elsewhere = temporaryDirectory()
    const config = join(project.directory, 'infrastructure', 'migrate.yaml')
    const env = { DOCKER_HOST: 'unix:///no/such/engine.sock', XDG_STATE_HOME: project.directory }
    const args = ['restore', 'dev', '--from', elsewhere.path, '--config', config]
    const { stderr } = await runTool(args, { cwd: elsewhere.path, env })
    expect(stderr).toContain(`→ po-migrate history dev --config ${config}\n`)
    const { stdout } = await runTool([...args, '--json'], { cwd: elsewhere.path, env })
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '').error.hint).toBe(
      `po-migrate history dev --config ${config}`,
    )
  })
})
