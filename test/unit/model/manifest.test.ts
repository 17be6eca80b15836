import { expect, it } from 'vitest'
import { majorOf } from '../../../src/model/manifest.ts'

it.each([
  ['17.11 (Debian 17.11-0+deb13u1)', 17],
  ['18beta1', 18],
  ['9.6.24', 9],
  ['devel', 0],
])('the major version of %s is %i', (version, major) => {
  expect(majorOf(version)).toBe(major)
})
