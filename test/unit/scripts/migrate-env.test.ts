import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const script = join(import.meta.dirname, '../../../infrastructure/scripts/migrate-env.sh')
const ask = (...args: string[]) => spawnSync(script, args, { encoding: 'utf8' })

describe('a deploy to the GitLab environment', () => {
  it.each([
    ['production', 'prod'],
    ['qual', 'qual'],
    ['staging', 'qual'],
    ['review/some-branch', 'qual'],
  ])('%s migrates %s, and says so', (name, environment) => {
    const { status, stdout, stderr } = ask(name)
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: `${environment}\n`,
      stderr: `environment ${name}: migrates ${environment}\n`,
    })
  })

  it.each(['prod', 'Production', 'PROD', 'production-eu', 'preprod', ''])(
    '"%s" is refused, since it would migrate qual by a typo',
    (name) => {
      expect(ask(name)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('→ ') })
    },
  )
})

describe('MIGRATE_ARGS', () => {
  it('takes the flags that lift policies, each with a value, and the one without a rehearsal', () => {
    const flags = [
      '--allow-missing',
      '00012',
      '--allow-out-of-order',
      '00003',
      '--accept-edit',
      '1',
      '--accept-warning',
      'drop-column',
      '--no-rehearse',
    ]
    expect(ask('qual', ...flags)).toMatchObject({ status: 0, stdout: 'qual\n' })
  })

  it.each([
    ['another flag', ['--db', 'iam']],
    ['a confirmation', ['--confirm', 'yes']],
    ['a word', ['prod']],
    ['a flag without its value', ['--allow-missing']],
    ['a flag for a value', ['--allow-missing', '--here']],
    ['a command for a value', ['--allow-missing', '$(id)']],
  ])('refuses %s', (_, args) => {
    expect(ask('qual', ...args)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('MIGRATE_ARGS'),
    })
  })
})
