import { afterAll, beforeAll, expect, it } from 'vitest'
import { blocksOf, pages } from '../support/documents.ts'
import { type Checkout, makeCheckout } from '../support/machines/checkout.ts'

/** A block of commands of the README and docs/, and the machine that the comment above it names. */
const blocks = pages
  // Run from the package, in directories of its own: adopt.test.ts; on a swarm: swarm-deploy.test.ts.
  .filter(({ path }) => path !== 'docs/adopting.md' && path !== 'docs/swarm.md')
  .flatMap(blocksOf)
  .filter(({ language }) => language === 'sh')
  .map(({ path, note, code }) => ({
    path,
    code,
    first: code.split('\n')[0] ?? '',
    machine: note === 'on the VPS' ? ('vps' as const) : ('laptop' as const),
  }))

/** This file is a part of `make test`: make says what it would do. */
const withoutItself = (code: string): string => code.replace(/^make test$/m, 'make --dry-run test')

// Two machines have two Postgres volumes; one clone each, the laptop's before `npm ci`.
const checkouts: Partial<Record<'laptop' | 'vps', Checkout>> = {}
beforeAll(async () => {
  checkouts.laptop = await makeCheckout({ installed: false })
  checkouts.vps = await makeCheckout({ installed: true })
})
afterAll(async () => {
  for (const checkout of Object.values(checkouts)) await checkout[Symbol.asyncDispose]()
})

it('finds commands to paste in the README, and in what it links', () => {
  expect(blocks[0]?.code).toBe('make demo\nmake test\n')
  const paths = new Set(blocks.map(({ path }) => path))
  expect([...paths]).toEqual(['README.md', 'docs/lint.md', 'docs/operating.md'])
})

it.each(blocks)('works when pasted from $path: $first …', async ({ code, machine }) => {
  const { exit, all } = (await checkouts[machine]?.run(`set -e\n${withoutItself(code)}`)) ?? {}
  expect(exit, all).toBe(0)
})

it('ends with everything that it wrote applied', async () => {
  const status = await checkouts.laptop?.run('infrastructure/scripts/po-migrate status dev')
  expect(status?.stdout).toContain('calendar  6 applied\n')
  const vps = await checkouts.vps?.run(
    'infrastructure/scripts/po-migrate status qual prod --exit-code --here',
  )
  expect(vps?.exit, vps?.all).toBe(0)
})
