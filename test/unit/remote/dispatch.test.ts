import { expect, it } from 'vitest'
import { forwardedArgs } from '../../../src/remote/dispatch.ts'

it.each([
  ['--config /x/migrate.yaml up qual --db iam', 'up qual --db iam'],
  ['up --config=/x/migrate.yaml qual', 'up qual'],
  ['lock release qual --confirm yes', 'lock release qual --confirm yes'],
])('%s is typed on the host as: %s', (typed, forwarded) => {
  expect(forwardedArgs(typed.split(' ')).join(' ')).toBe(forwarded)
})
