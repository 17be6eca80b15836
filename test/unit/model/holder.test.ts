import { describe, expect, it } from 'vitest'
import {
  describeHolder,
  type Holder,
  holderComment,
  isCutoverOf,
  parseHolder,
} from '../../../src/model/holder.ts'

const holder: Holder = {
  run: '20261122T190211-7f3a9c',
  user: 'deploy',
  host: 'vps',
  pid: 4711,
  command: 'po-migrate up qual',
  since: '2026-11-22T19:02:11.000Z',
}

describe('a holder', () => {
  const cutover = { ...holder, command: 'po-migrate cutover vps2 --undo' }
  it.each([
    ['vps2', { verb: 'cutover', target: 'vps2', project: 'shop' }, true],
    ['vps', { verb: 'cutover', target: 'vps2', project: 'shop' }, false],
    ['vps2', { verb: 'cutover', target: 'vps2', project: 'other' }, false],
    ['vps2', { verb: 'cutover', target: 'vps2' }, true],
    ['vps2', { verb: 'start', target: 'vps2', project: 'shop' }, false],
    ['vps2', {}, true],
    ['vps', {}, false],
  ])('is the cutover of %s by its fields, an older one by whole words: %o', (host, fields, expected) => {
    expect(isCutoverOf({ ...cutover, ...fields }, host, ['shop', 'path-1'])).toBe(expected)
  })
})

/** As it stands in pg_stat_activity. */
const query = (told: Holder): string =>
  `${holderComment(told)} select pg_catalog.pg_try_advisory_lock($1, $2) as held`

describe("the holder in the lock session's last query", () => {
  it.each([
    ['is plain', 'po-migrate up qual'],
    ['would end the comment', "up '*/ drop table a; --' **/ */"],
    ['holds quotes and backslashes', `up "a" 'b' \\ \\" {"x": 1} */`],
    ['looks like a holder itself', 'po-migrate {"pid":1} */'],
    ['holds line breaks and other scripts', 'up\nqual\r\n漢字 🙂 ü'],
    ['is empty', ''],
  ])('is read back whole when the command %s', (_, command) => {
    const told = { ...holder, command, job: 'https://ci.example/jobs/1' }
    expect(parseHolder(query(told))).toEqual(told)
  })

  it.each([
    ['ASCII', '--db name '.repeat(220)],
    ['two-byte letters', 'ü'.repeat(1100)],
    ['four-byte letters', '🙂'.repeat(600)],
    ['quotes, which JSON doubles', '"'.repeat(2000)],
    ['ends of comments, which are escaped', '*/'.repeat(1000)],
  ])('is cut below what the server keeps when the command is 2 kB of %s', (_, command) => {
    const comment = holderComment({ ...holder, command })
    // The server keeps 1023 bytes of a query.
    expect(Buffer.byteLength(comment)).toBeLessThan(900)
    const told = parseHolder(query({ ...holder, command }))
    expect(told).toMatchObject({ user: 'deploy', host: 'vps', pid: 4711 })
    expect(told?.command.length).toBeGreaterThan(50)
    // Cut between letters or within one: what is there is the beginning.
    expect(command.startsWith(told?.command.slice(0, -1) ?? '?')).toBe(true)
  })

  it('leaves out a page that is too long to stand beside all that has to', () => {
    const page = (length: number): string => `https://ci/${'x'.repeat(length)}`.slice(0, length)
    expect(parseHolder(query({ ...holder, job: page(300) }))?.job).toBe(page(300))
    expect(parseHolder(query({ ...holder, job: page(301) }))).toEqual(holder)
  })

  it('ends where it should, with nothing of the command outside the comment', () => {
    const comment = holderComment({ ...holder, command: 'a */ b */ c' })
    expect(comment.indexOf('*/')).toBe(comment.length - 2)
  })

  it.each([
    ['another query', 'select 1'],
    ['a comment of somebody else', '/* app {"pid":1} */ select 1'],
    ['a comment in the middle', `select 1 ${holderComment(holder)}`],
    ['a query that was cut', holderComment(holder).slice(0, 60)],
    ['a comment that is no JSON', '/* po-migrate {pid} */ select 1'],
  ])('is nobody in %s', (_, text) => {
    expect(parseHolder(text)).toBeUndefined()
  })
})

describe('a holder in words', () => {
  it('is user, host, pid, command and since when', () => {
    expect(describeHolder(holder)).toBe('deploy@vps, pid 4711, "po-migrate up qual", since 19:02:11 UTC')
  })

  it("adds the CI job's page", () => {
    expect(describeHolder({ ...holder, job: 'https://ci.example/jobs/1' })).toMatch(
      / UTC \(https:\/\/ci\.example\/jobs\/1\)$/,
    )
  })
})
