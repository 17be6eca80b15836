import { expect, it } from 'vitest'
import { isForeign } from '../../../../src/io/docker/throwaway.ts'

it.each([
  { labels: { 'po-migrate.project': 'shop' }, foreign: false },
  { labels: { 'po-migrate.project': 'path-1a2b3c' }, foreign: false },
  { labels: { 'po-migrate.project': 'shop-two' }, foreign: true },
  { labels: {}, foreign: false },
  { labels: undefined, foreign: false },
])('what bears $labels is another project’s: $foreign', ({ labels, foreign }) => {
  expect(isForeign(labels, ['shop', 'path-1a2b3c'])).toBe(foreign)
})
