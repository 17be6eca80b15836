import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import packageFile from '../../package.json' with { type: 'json' }

describe('the program', { timeout: 60_000 }, () => {
  const start = async (...args: string[]): Promise<string> => {
    const main = join(import.meta.dirname, '../../src/main.ts')
    const env = { NODE_DISABLE_COMPILE_CACHE: '1', NODE_NO_WARNINGS: '1', LANG: 'C.UTF-8' }
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], { cwd: '/', env })
    return stdout
  }
  const help = start('--help')
  const version = start('--version')

  it.each(['up', 'plan', 'status', 'new', 'start', 'doctor', 'completion'])(
    'lists the verb %s with --help, away from any project',
    async (verb) => expect(await help).toMatch(new RegExp(`^ +po-migrate ${verb}\\b`, 'm')),
  )

  it.each(['config', 'json', 'quiet', 'verbose', 'confirm', 'here', 'help', 'version'])(
    'lists the flag --%s with --help',
    async (flag) => expect(await help).toMatch(new RegExp(`^ +(?:-[hv], )?--${flag}\\b`, 'm')),
  )

  it('shows what a verb has of its own before what all have, and no flag that a reading verb ignores', async () => {
    const [own, shared] = await Promise.all([start('up', '--help'), start('plan', '-h')])
    expect(own.indexOf('--continue-on-error')).toBeLessThan(own.indexOf('Options of every verb:'))
    expect(own).toContain('--lock-wait')
    expect(shared).toContain('--exit-code')
    expect(shared).not.toMatch(/--lock-wait|--junit|--events|--confirm/)
  })

  it('answers -v', async () => expect(await start('-v')).toBe(await version))

  it('lists its exit codes with --help', async () => {
    expect(await help).toContain('130/143 interrupted')
  })

  it('says its version', async () => {
    expect(await version).toBe(`${packageFile.version}\n`)
  })
})
