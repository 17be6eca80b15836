import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePlatform, type Platform } from '../support/platform/platform.ts'

/** More than 200 MB with its index. */
const rows = 1_500_000
const checksumSql = 'select count(*), sum(hashtextextended(m::text, 0)) from many m'

let platform: Platform
beforeAll(async () => {
  platform = await makePlatform({ small: true })
  await platform.psql(
    'iam_qual',
    `create table many as select n, md5(n::text) || md5((n * 7)::text) as text from generate_series(1, ${rows}) as n`,
  )
  await platform.psql('iam_qual', 'create index on many (text)')
}, 300_000)
afterAll(() => platform[Symbol.asyncDispose]())

test('undo after a whole cutover brings back every row of a large volume, and so does the undo of the undo', {
  timeout: 900_000,
}, async () => {
  const { psql, tool } = platform
  const size = await psql('iam_qual', "select pg_total_relation_size('many') > 200e6")
  expect(size).toBe('t')
  const before = await psql('iam_qual', checksumSql)
  const done = await tool('cutover vps --confirm yes --drop iam_qual')
  expect(done.exit, done.stderr).toBe(0)
  const report = /Down for .*/.exec(done.stdout)?.[0]
  expect(report).toBeDefined()
  expect(await psql('iam_qual', "select to_regclass('many') is null")).toBe('t')
  expect((await tool('cutover vps --undo --confirm yes')).exit).toBe(0)
  expect(await psql('iam_qual', checksumSql)).toBe(before)
  expect((await tool('cutover vps --undo --confirm yes')).exit).toBe(0)
  expect(await psql('iam_qual', "select to_regclass('many') is null")).toBe('t')
  expect((await tool('cutover vps --undo --confirm yes')).exit).toBe(0)
  expect(await psql('iam_qual', checksumSql)).toBe(before)
  await platform.healthy()
  console.info(report)
})
