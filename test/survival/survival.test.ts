import { execFileSync } from 'node:child_process'
import { expect, inject, it } from 'vitest'
import { developer, takeInventory } from '../support/runner/developer-stack.ts'

/** Runs after every other test. */
it("leaves every container, volume and network that stood there before as it was, a developer's stack among them", () => {
  const after = new Set(takeInventory())
  expect(inject('before').filter((object) => !after.has(object))).toEqual([])
})

it.runIf(inject('hasDeveloperStack'))("leaves the data in a developer's running Postgres", () => {
  const args = ['exec', developer.container, 'psql', '-U', 'postgres', '-XAtc', 'select data from precious']
  expect(execFileSync('docker', args, { encoding: 'utf8' }).trim()).toBe('a week of work')
})

it('leaves no container of a run behind', () => {
  const args = ['ps', '--all', '--filter', 'label=po-migrate.run', '--format', '{{.Names}}']
  expect(execFileSync('docker', args, { encoding: 'utf8' }).trim()).toBe('')
})
