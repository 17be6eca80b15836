import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Checkout, makeCheckout } from '../support/machines/checkout.ts'

/** A fenced `sh` block of the README, and the machine its comment names. */
type Block = { code: string; first: string; machine: 'laptop' | 'vps' }

const fence = /(<!-- on the VPS -->\n)?```sh\n(.*?)```/gs

const blocks = [...readFileSync(new URL('../../README.md', import.meta.url), 'utf8').matchAll(fence)].map(
  ([, onVps, code = '']): Block => ({
    code,
    first: code.split('\n')[0] ?? '',
    machine: onVps ? 'vps' : 'laptop',
  }),
)

// Two machines have two Postgres volumes; one clone each, the laptop's before `npm ci`.
const checkouts: Partial<Record<Block['machine'], Checkout>> = {}
beforeAll(async () => {
  checkouts.laptop = await makeCheckout({ installed: false })
  checkouts.vps = await makeCheckout({ installed: true })
})
afterAll(async () => {
  for (const checkout of Object.values(checkouts)) await checkout[Symbol.asyncDispose]()
})

it('has commands to paste', () => {
  expect(blocks.length).toBeGreaterThan(3)
})

it.each(blocks)('works when pasted: $first …', async ({ code, machine }) => {
  const { exit, all } = (await checkouts[machine]?.run(`set -e\n${code}`)) ?? {}
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
