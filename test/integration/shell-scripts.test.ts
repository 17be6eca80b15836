import { beforeAll, expect, it } from 'vitest'
import { run } from '../support/engine/docker.ts'
import { needTool } from '../support/machines/apt.ts'
import { root } from '../support/root.ts'

beforeAll(() => needTool('shellcheck', 'shellcheck'))

it('shellcheck warns of nothing in any shell script of this checkout', async () => {
  const listed = await run('git', ['grep', '--untracked', '-lE', '^(#!.*[ /](ba)?sh$|# shellcheck shell)'], {
    cwd: root,
  })
  const scripts = listed.stdout.split('\n').filter(Boolean)
  expect(scripts).toContain('infrastructure/scripts/po-migrate')
  expect(scripts.length).toBeGreaterThan(20)
  const { exit, stdout } = await run('shellcheck', ['--external-sources', '--severity=warning', ...scripts], {
    cwd: root,
  })
  expect(stdout).toBe('')
  expect(exit).toBe(0)
})
