import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { historyDocument } from '../../src/report/documents.ts'
import { makePlatform, type Platform } from '../support/platform/platform.ts'
import { readEvents } from '../support/tool/events.ts'

let platform: Platform
beforeAll(async () => {
  platform = await makePlatform({ small: true })
})
afterAll(() => platform[Symbol.asyncDispose]())

describe('cutover vps', { timeout: 400_000 }, () => {
  it('is refused without exactly the confirmation, at once and with nothing touched', async () => {
    const before = await platform.fingerprint()
    for (const args of ['cutover vps', 'cutover vps --confirm y', 'cutover vps --confirm YES'])
      expect(await platform.tool(args)).toMatchObject({
        exit: 4,
        stderr: expect.stringContaining('→ po-migrate cutover vps --confirm yes'),
      })
    expect(await platform.fingerprint()).toBe(before)
    expect(await platform.copies()).toEqual([])
  })

  it('interrupted while the plan is made, does not begin, whatever --confirm says', async () => {
    const before = await platform.fingerprint()
    const interrupt = new AbortController()
    setTimeout(() => interrupt.abort('SIGINT'), 1500)
    const { exit, stderr } = await platform.tool('cutover vps --confirm yes', { interrupt: interrupt.signal })
    expect({ exit, stderr }).toMatchObject({ exit: 130 })
    expect(stderr).toContain('Nothing was touched.')
    expect(await platform.fingerprint()).toBe(before)
    expect(await platform.copies()).toEqual([])
    expect((await platform.tool('cutover vps --resume')).exit).toBe(4)
  })

  it('makes qual and prod anew and brings along what no migration rebuilds', async () => {
    const before = await platform.fingerprint()
    const containers = await platform.containers()
    const result = await platform.tool('cutover vps --json', { env: { CONFIRM: 'yes' } })
    expect(result.stderr).toBe('')
    const { steps } = readEvents(result)
    if (process.env.PO_SHOW) console.log(steps.map(({ kind, ms }) => `${kind} ${ms}`).join('\n'))
    expect(steps.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'back-up done',
      'stop-stack done',
      'stop-stack done',
      'check-writes done',
      'stop-stack done',
      'check-stopped done',
      'copy-volume done',
      'wipe-volume done',
      'start-stack done',
      'carry-system done',
      'carry-roles done',
      'migrate done',
      'migrate done',
      'carry-database done',
      'carry-settings done',
      'verify done',
      'verify done',
      'start-containers done',
      'start-containers done',
      'wait-healthy done',
      'wait-healthy done',
      'discard-copies done',
    ])
    await platform.healthy()
    expect(await platform.containers()).toEqual(containers)
    expect(await platform.fingerprint()).toBe(before)
    expect(await platform.managedRows()).toBe('none')
    expect(await platform.tool('status qual prod --exit-code')).toMatchObject({ exit: 0 })
    expect(await platform.leftovers()).toBe('')
  })

  it('is undone, with every row, to the same containers, and the undoing is undone', async () => {
    const containers = await platform.containers()
    const before = await platform.fingerprint()
    expect(await platform.tool('cutover vps --undo')).toMatchObject({ exit: 4 })
    expect(await platform.managedRows()).toBe('none')
    const undone = await platform.tool('cutover vps --undo --confirm yes')
    expect(undone.exit, undone.stderr).toBe(0)
    await platform.healthy()
    expect(await platform.managedRows()).toBe('before')
    expect(await platform.fingerprint()).toBe(before)
    expect(await platform.containers()).toEqual(containers)
    expect(await platform.tool('cutover vps --undo --confirm yes')).toMatchObject({ exit: 0 })
    await platform.healthy()
    expect(await platform.managedRows()).toBe('none')
    expect(await platform.tool('status qual prod --exit-code')).toMatchObject({ exit: 0 })
  })

  it('brings along what somebody else writes up to the last moment', async () => {
    await platform.psql('postgres', 'alter system set track_activity_query_size = 2048')
    await platform.psql('iam_qual', 'grant delete on users to reporter')
    const written = await platform.psql('booking_qual', "select count(*) from bookings where who = 'late'")
    expect(written).toBe('0')
    let acknowledged = 0
    const stop = new AbortController()
    const write = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        // Refused as soon as the server stops; a new one answers again only when everything is through, or nearly.
        const sql = "insert into bookings (who) values ('late')"
        const done = await platform.psql('booking_qual', sql).then(
          () => 1,
          () => 0,
        )
        acknowledged += done
        if (acknowledged > 0 && done === 0) return
      }
    }
    const writing = write()
    const result = await platform.tool('cutover vps --confirm yes')
    stop.abort()
    await writing
    expect(result.exit, result.stderr).toBe(0)
    expect(acknowledged).toBeGreaterThan(0)
    const late = await platform.psql('booking_qual', "select count(*) from bookings where who = 'late'")
    // The last one may be there although its writer was told that the server is going.
    expect([acknowledged, acknowledged + 1]).toContain(Number(late))
    // It waited for a restart, and the new server had one.
    expect(await platform.psql('postgres', 'show track_activity_query_size')).toBe('2kB')
    expect(await platform.psql('iam_qual', "select has_table_privilege('reporter', 'users', 'delete')")).toBe(
      't',
    )
    await platform.healthy()
  })

  it('refuses to lose what somebody made by hand in a managed database, and what no dump holds', async () => {
    await platform.psql('iam_qual', "create table notes as select 'mine'::text as note")
    await platform.psql('iam_qual', 'alter table users add column nickname text')
    await platform.psql('iam_qual', 'alter table users alter column locale set default 42::text')
    await platform.psql('postgres', 'create extension citext')
    const copies = await platform.copies()
    const lost = await platform.tool('cutover vps --confirm yes')
    expect(lost.exit).toBe(4)
    expect(lost.stderr).toContain(
      'iam_qual: table public.notes (1 row), column public.users.locale (changed), column public.users.nickname',
    )
    expect(lost.stderr).toContain('postgres: extension citext')
    expect(lost.stderr).toContain('po-migrate cutover vps --drop iam_qual --drop postgres --confirm yes')
    await platform.psql('postgres', "select pg_create_physical_replication_slot('standby')")
    const tied = await platform.tool('cutover vps --confirm yes')
    expect(tied.exit).toBe(4)
    expect(tied.stderr).toContain('The replication slot standby would be gone')
    expect(tied.stderr).toContain("select pg_drop_replication_slot('standby')")
    await platform.psql('postgres', "select pg_drop_replication_slot('standby')")
    expect(await platform.copies()).toEqual(copies)
  })

  it.each(['halved', 'iam_prod'])('refuses %s, half-dropped, with the line that drops it', async (name) => {
    const limit = (connections: number) =>
      platform.psql(
        'postgres',
        `update pg_database set datconnlimit = ${connections} where datname = '${name}'`,
      )
    if (name === 'halved') await platform.psql('postgres', `create database ${name}`)
    const containers = await platform.containers()
    await limit(-2)
    const { exit, stderr } = await platform.tool('cutover vps --confirm yes')
    expect({ exit, stderr }).toMatchObject({ exit: 4 })
    expect(stderr).toMatch(new RegExp(`✖ ${name} on \\S+ is invalid: a DROP DATABASE was cut short`))
    expect(stderr).toContain(`-c 'DROP DATABASE "${name}"'`)
    expect(stderr).toContain('Nothing was touched.')
    expect(await platform.containers()).toEqual(containers)
    await limit(-1)
    if (name === 'halved') await platform.psql('postgres', `drop database ${name}`)
  })

  it('leaves what --drop names, and refuses to drop what something else needs', async () => {
    const refused = await platform.tool('cutover vps --confirm yes --drop reporter')
    expect(refused.exit).toBe(4)
    expect(refused.stderr).toContain(
      '→ po-migrate cutover vps --drop booking_qual --drop reporter --confirm yes',
    )
    const { started } = readEvents(
      await platform.tool(
        'cutover vps --confirm yes --json --drop booking_qual --drop reporter --drop auditors --drop iam_qual --drop postgres',
      ),
    )
    expect(started.plan?.steps.map(({ kind }) => kind)).not.toContain('carry-database')
    const left = "select count(*) from pg_roles where rolname in ('reporter', 'auditors')"
    expect(await platform.psql('postgres', left)).toBe('0')
    expect(
      await platform.psql('postgres', "select count(*) from pg_database where datname ~ 'booking'"),
    ).toBe('0')
    expect(await platform.psql('iam_qual', "select to_regclass('notes') is null")).toBe('t')
  })

  it('stands in the history of both environments', async () => {
    for (const name of ['qual', 'prod']) {
      const { runs } = historyDocument.parse(
        JSON.parse((await platform.tool(`history ${name} --json`)).stdout),
      )
      expect(runs.map(({ command, outcome }) => `${command} ${outcome}`)).toEqual([
        'cutover done',
        'undo done',
        'undo done',
        'cutover done',
        'cutover done',
      ])
    }
  })
})
