import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { docker, eventually } from '../../support/engine/docker.ts'
import { endWithout, outages } from '../../support/faults/outage.ts'
import { reportCell } from '../../support/faults/victim.ts'
import { makePlatform, type Platform } from '../../support/platform/platform.ts'
import { startTool } from '../../support/tool/process.ts'

const bundle = join(import.meta.dirname, '../../../dist/po-migrate.cjs')

let platform: Platform
let fingerprint: string
/** Also what another file of tests left on this engine. */
const leftovers = (): Promise<string> => docker(['ps', '-aq', '--filter', 'label=po-migrate.run'])
let before: string
beforeAll(async () => {
  platform = await makePlatform({ small: true })
  // Long enough for its dump and its copy to be hit.
  await platform.psql(
    'iam_qual',
    'create table many as select n, md5(n::text) as text from generate_series(1, 400000) as n',
  )
  fingerprint = await platform.fingerprint()
  before = await leftovers()
}, 600_000)
afterAll(() => platform[Symbol.asyncDispose]())

/** A new one for each restore: backups that follow would prune one that is older. */
const backUp = async (): Promise<string> => {
  const made = await platform.tool('backup qual --json')
  expect(made.exit, made.stderr).toBe(0)
  return /"directory":"([^"]+)"/.exec(made.stdout)?.[1] ?? ''
}

/** What restores replaced stays for a while: not a part of what has to be as before. */
const dropReplaced = async (): Promise<void> => {
  const like = "datname like 'iam\\_qual\\_before\\_%'"
  const names = await platform.psql('postgres', `select datname from pg_database where ${like}`)
  for (const name of names.split('\n').filter(Boolean))
    await platform.psql('postgres', `drop database "${name}" with (force)`)
}

/** dockerd that was killed leaves Postgres down, whatever `restart:` says: then every verb names this command. */
const startAgain = async (): Promise<void> => {
  const { exit, stderr } = await platform.tool('start vps')
  expect(exit, stderr).toBe(0)
  await platform.healthy()
}

const strike = async (verb: string, kind: string, outage: (typeof outages)[number]): Promise<void> => {
  const { stacks, env } = platform
  await startAgain()
  const line = verb === 'backup' ? 'backup qual' : `restore qual --from ${await backUp()} --confirm yes`
  const events = join(stacks.directory, 'events.jsonl')
  rmSync(events, { force: true })
  const args = [...line.split(' '), '--events', events]
  const tool = startTool(args, { cwd: stacks.directory, env, entry: bundle })
  await eventually(
    `${kind} to begin`,
    () => {
      const seen = existsSync(events) ? readFileSync(events, 'utf8').split('\n') : []
      const begun = seen.some((one) => one.includes('step.started') && one.includes(`"kind":"${kind}"`))
      return begun || tool.child.exitCode !== null || undefined
    },
    120_000,
  )
  const ended = await endWithout(outage, tool.ended)
  expect([0, 1, 6], ended.stderr).toContain(ended.exit)
  expect(ended.stderr).not.toMatch(/Unexpected|undefined|\[object/)
  // Where the databases were swapped, the restore is done, and not to be done again.
  if (ended.exit !== 0)
    expect(ended.stderr).toMatch(
      /iam_qual restored/.test(ended.stderr) ? /po-migrate doctor qual/ : `po-migrate ${verb} qual`,
    )
  await startAgain()
  const again = await platform.tool(line)
  expect(again.exit, again.stderr).toBe(0)
  await dropReplaced()
  expect(await platform.fingerprint()).toBe(fingerprint)
  expect(await platform.psql('iam_qual', 'select count(*) from many')).toBe('400000')
  expect(await leftovers()).toBe(before)
  reportCell([verb, outage, kind, ended.exit, ended.took])
}

describe('dockerd under a backup and a restore', { timeout: 1_200_000 }, () => {
  const kinds = {
    backup: ['dump-database', 'dump-roles', 'prove-backup', 'keep-backup'],
    restore: ['restore-beside', 'swap-databases'],
  }
  const cells = outages.flatMap((outage) =>
    Object.entries(kinds).flatMap(([verb, steps]) => steps.map((kind) => ({ verb, kind, outage }))),
  )
  test.for(cells)(
    '$outage in $kind of $verb: it ends by itself, and the same command does all of it once the server runs',
    ({ verb, kind, outage }) => strike(verb, kind, outage),
  )
})
