import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Checkout, makeCheckout } from '../support/machines/checkout.ts'

let checkout: Checkout
beforeAll(async () => {
  checkout = await makeCheckout({ installed: true })
})
afterAll(() => checkout[Symbol.asyncDispose]())

const po = 'infrastructure/scripts/po-migrate'
/** A machine with no engine at all. */
const env = { DOCKER_HOST: 'unix:///no/such/engine.sock' }

describe('the built bundle', () => {
  it("carries Postgres' grammar with it, without node_modules", async () => {
    const moved = 'cp -r dist /tmp/dist-$$ && node_modules/node/bin/node /tmp/dist-$$/po-migrate.cjs lint'
    const { exit, stdout, all } = await checkout.run(`${moved}; code=$?; rm -r /tmp/dist-$$; exit $code`, {
      env,
    })
    expect({ exit, stdout }, all).toEqual({
      exit: 0,
      stdout: expect.stringMatching(/^lint: \d+ files, nothing to complain about$/),
    })
  })

  it('takes no more memory than a small machine has', async () => {
    const hook = join(import.meta.dirname, '../support/tool/count-loads.cjs')
    const counted = join(checkout.directory, 'counted.json')
    const line = `COUNT_FILE=${counted} node_modules/node/bin/node --require ${hook} dist/po-migrate.cjs lint`
    expect(await checkout.run(line, { env })).toMatchObject({ exit: 0 })
    const { mostMemory } = JSON.parse(readFileSync(counted, 'utf8'))
    expect(mostMemory).toBeGreaterThan(40)
    expect(mostMemory).toBeLessThan(200)
  })

  it.each<[string, string, () => string]>([
    ['60 MB of rows', 'unchecked', () => `insert into a values ${'(1),\n'.repeat(12 * 2 ** 20)}(1);`],
    ['a literal of 15 MB before a fault', 'unchecked', () => `select '${'x'.repeat(15 * 2 ** 20)}' fro m;`],
    ['130 MB', 'too-large', () => `select '${'x'.repeat(130 * 2 ** 20)}';`],
    ['a NUL byte', 'nul-byte', () => 'select 1;\0\ndrop table a;'],
  ])('says that it did not check %s, and does not answer 0', async (_, rule, up) => {
    const file = join(checkout.directory, 'infrastructure/migrations/iam/00002_large.sql')
    writeFileSync(file, `-- migrate:up\n${up()}\n\n-- migrate:down\n`)
    const { exit, stdout } = await checkout.run(`${po} lint --db iam --json`, { env })
    rmSync(file)
    expect(exit).toBe(2)
    expect(JSON.parse(stdout).problems).toEqual([expect.objectContaining({ rule, level: 'error' })])
  })

  it('refuses a faulty file at its line, from any directory, with the report that GitLab reads', async () => {
    const file = 'infrastructure/migrations/iam/00002_faulty.sql'
    writeFileSync(join(checkout.directory, file), '-- migrate:up\ncreate tabel a ();\n\n-- migrate:down\n')
    const text = await checkout.run(`${po} lint --db iam`, { env })
    expect(text).toMatchObject({ exit: 2, stdout: expect.stringContaining(`✖ ${file}:2:8 syntax error`) })
    const report = await checkout.run(`../${po} lint --format codequality`, {
      env,
      cwd: join(checkout.directory, 'docs'),
    })
    expect(report.exit).toBe(2)
    expect(JSON.parse(report.stdout)).toMatchObject([
      { check_name: 'syntax', severity: 'critical', location: { path: file, lines: { begin: 2 } } },
    ])
  })
})
