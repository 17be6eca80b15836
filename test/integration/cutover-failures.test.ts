import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { vpsSteps } from '../support/faults/cutover-steps.ts'
import { beginStrike, cutOver, killIn, newest, type Victim, victimOf } from '../support/faults/victim.ts'
import { makePlatform, type Platform } from '../support/platform/platform.ts'

let platform: Platform
let victim: Victim
beforeAll(async () => {
  platform = await makePlatform({ small: true })
  victim = await victimOf(platform)
}, 300_000)
afterAll(() => platform[Symbol.asyncDispose]())

const bothCommands = ['po-migrate cutover vps --resume', 'po-migrate cutover vps --undo --confirm yes']
const expectCommands = (stderr: string): void => {
  for (const command of bothCommands) expect(stderr).toContain(command)
}
const startedAt = async (): Promise<string> =>
  docker(['inspect', '--format', '{{.State.StartedAt}}', ...(await platform.containers())])

/** Numbers of steps in the plan of a small platform, from 0. */
const stopOfShared = vpsSteps.indexOf('stop shared')
const migrateProd = vpsSteps.indexOf('migrate prod')

/** With a state directory of so many megabytes. */
const withSmallState = async (
  megabytes: number,
  work: (there: Victim, directory: string) => Promise<void>,
): Promise<void> => {
  const small = join(platform.stacks.directory, `state-of-${megabytes}`)
  mkdirSync(small)
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', small])
  expect(mounted.stderr).toBe('')
  try {
    await work({ ...victim, env: { ...victim.env, PO_STATE: small } }, small)
  } finally {
    await run('umount', [small])
  }
}

it('a disk without room for the dumps is noticed before anything begins', { timeout: 400_000 }, () =>
  withSmallState(4, async (there, directory) => {
    const before = await startedAt()
    const { exit, stderr } = await cutOver(there)
    expect({ exit, stderr }).toMatchObject({ exit: 4 })
    expect(stderr).toContain(`${directory}/po-platform has not enough room: `)
    expect(stderr).toContain('Nothing was touched.')
    expect(newest(there)).toBeUndefined()
    expect(await startedAt()).toBe(before)
  }),
)

describe('a disk that is full in the middle of', { timeout: 400_000 }, () => {
  it('the backup: nothing was stopped, nobody is locked out, and a new cutover begins at once', () =>
    withSmallState(48, async (there, small) => {
      const before = await startedAt()
      const running = cutOver(there)
      await eventually('the backup to begin', () => newest(there)?.begunSteps.size || undefined, 120_000)
      await run('sh', ['-c', `cat /dev/zero >${join(small, 'filler')}`])
      const { exit, stderr } = await running
      expect({ exit, stderr }).toMatchObject({ exit: 1 })
      expect(stderr).toMatch(/no space left|no space is left/i)
      expect(stderr).toContain('No stack was stopped, and no volume was touched.')
      expect(stderr).toContain('po-migrate cutover vps --confirm yes; or, to go on with this one: ')
      await run('rm', [join(small, 'filler')])
      expect(await startedAt()).toBe(before)
      const { env } = there
      expect(await platform.tool('up qual', { env })).toMatchObject({ exit: 0 })
      const anew = await cutOver(there)
      expect({ exit: anew.exit, stderr: anew.stderr }).toMatchObject({ exit: 0 })
      await victim.expectNew()
      expect((await cutOver(there, '--undo')).exit).toBe(0)
      await victim.expectOld()
    }))

  it('the copy: nothing was wiped; it goes on once there is room, or is undone', async () => {
    await killIn(victim, { step: stopOfShared, after: 0 })
    const copy = newest(victim)?.frame.copy ?? ''
    const label = `po-migrate.copy-of=${platform.stacks.env.PO_VOLUME}`
    const tiny = ['type=tmpfs', 'device=tmpfs', 'o=size=8m'].flatMap((option) => ['--opt', option])
    await docker(['volume', 'create', ...tiny, '--label', label, copy])
    for (const { exit, stderr } of [await cutOver(victim, '--resume'), await cutOver(victim, '--resume')]) {
      expect({ exit, stderr }).toMatchObject({ exit: 1 })
      expect(stderr).toContain(`${platform.stacks.env.PO_VOLUME} could not be copied to ${copy}`)
      expect(stderr).toContain('No space left on device')
      expect(stderr).toMatch(/Stopped: pmt-\S+-pqual, pmt-\S+-pprod, pmt-\S+-pshared\./)
      expect(stderr).toContain(`The volume ${platform.stacks.env.PO_VOLUME} is as it was.`)
      expectCommands(stderr)
    }
    const undone = await cutOver(victim, '--undo')
    expect(undone.exit, undone.stderr).toBe(0)
    await victim.expectOld()
    // Those of the cutover before, whose journal is in another state directory, stay.
    expect(await platform.copies()).not.toContain(copy)
  })
})

describe('a cutover whose copy somebody removed before the wipe', { timeout: 400_000 }, () => {
  const copyOfVolume = vpsSteps.indexOf('copy-volume')

  /** Stopped by Ctrl-C behind the copy, which then goes. */
  const lose = async (): Promise<string> => {
    const interrupt = new AbortController()
    const running = platform.tool('cutover vps --confirm yes', { interrupt: interrupt.signal })
    await eventually(
      'the copy to begin',
      () => newest(victim)?.running?.startsWith('copy-volume') || undefined,
      60_000,
    )
    interrupt.abort('SIGINT')
    expect((await running).exit).toBe(130)
    const position = newest(victim)
    expect(position?.done.size).toBe(copyOfVolume + 1)
    const copy = position?.frame.copy ?? ''
    await docker(['volume', 'rm', copy])
    return copy
  }

  it.each([
    ['--resume', () => victim.expectNew()],
    ['--undo', () => victim.expectOld()],
  ])('is not wiped, and %s still ends it well', async (way, expectRight) => {
    const copy = await lose()
    const { exit, stderr } = await cutOver(victim, '--resume')
    expect({ exit, stderr }).toMatchObject({ exit: 1 })
    expect(stderr).toContain(`The copy ${copy} is gone, so ${platform.stacks.env.PO_VOLUME} is not wiped.`)
    expectCommands(stderr)
    const ended = await cutOver(victim, way)
    expect(ended.exit, ended.stderr).toBe(0)
    await expectRight()
    if (way === '--resume') expect((await cutOver(victim, '--undo')).exit).toBe(0)
    await victim.expectOld()
  })
})

describe('a cutover that died half-way', { timeout: 400_000 }, () => {
  it('lets nobody else write on its host before it is finished or undone', async () => {
    await killIn(victim, { step: migrateProd, after: 0 })
    for (const args of ['up qual', 'start vps', 'backup qual', 'rollback qual --db iam']) {
      const { exit, stderr } = await platform.tool(args)
      expect({ args, exit, stderr }).toMatchObject({ exit: 4 })
      expect(stderr).toContain('The cutover of vps from ')
      expect(stderr).toContain('is not finished.')
      expectCommands(stderr)
    }
    expect((await platform.tool('status qual')).exit).toBe(0)
    const unconfirmed = await platform.tool('cutover vps')
    expect(unconfirmed).toMatchObject({ exit: 4 })
    expectCommands(unconfirmed.stderr)
  })

  it('overwrites nothing that an application wrote since, and names it', async () => {
    await platform.psql('postgres', 'create database booking_qual')
    await platform.psql('booking_qual', "create table early as select 'guest'::text as who")
    const { exit, stderr } = await cutOver(victim, '--resume')
    expect({ exit, stderr }).toMatchObject({ exit: 1 })
    expect(stderr).toContain('booking_qual holds what somebody wrote since the volume was wiped.')
    const renamed = 'alter database "booking_qual" rename to "booking_qual_since"'
    expect(stderr).toContain(`-c '${renamed}'`)
    expectCommands(stderr)
    expect(await platform.psql('booking_qual', 'select who from early')).toBe('guest')
    await platform.psql('postgres', renamed)
    const resumed = await cutOver(victim, '--resume')
    expect(resumed.exit, resumed.stderr).toBe(0)
    await victim.expectNew()
    expect(await platform.psql('booking_qual_since', 'select who from early')).toBe('guest')
    expect((await cutOver(victim, '--undo')).exit).toBe(0)
    await victim.expectOld()
  })

  it('takes an empty database for one that the first init made', async () => {
    await killIn(victim, { step: migrateProd, after: 0 })
    await platform.psql('postgres', 'create database booking_qual')
    const resumed = await cutOver(victim, '--resume')
    expect(resumed.exit, resumed.stderr).toBe(0)
    await victim.expectNew()
    expect((await cutOver(victim, '--undo')).exit).toBe(0)
    await victim.expectOld()
  })
})

describe('an undoing that died', { timeout: 400_000 }, () => {
  const [stopOfProd, bringBack] = [1, 5]

  it('of a cutover that was half-way: undo brings back what was there before that cutover', async () => {
    await killIn(victim, { step: migrateProd, after: 0 })
    for (const step of [stopOfProd, bringBack, stopOfProd]) {
      await killIn(victim, { of: '--undo', step, after: 100 })
      expect(newest(victim)?.frame.command).toBe('undo')
    }
    const undone = await cutOver(victim, '--undo')
    expect(undone.exit, undone.stderr).toBe(0)
    await victim.expectOld()
  })

  it.each([
    ['before it wiped', stopOfProd],
    ['in the middle of bringing back', bringBack],
  ])('%s, of a whole cutover: undo goes back to that, and it can still be undone', async (_, step) => {
    const done = await cutOver(victim)
    expect(done.exit, done.stderr).toBe(0)
    await killIn(victim, { of: '--undo', step, after: 100 })
    const started = await cutOver(victim, '--undo')
    expect(started.exit, started.stderr).toBe(0)
    await victim.expectNew()
    const undone = await cutOver(victim, '--undo')
    expect(undone.exit, undone.stderr).toBe(0)
    await victim.expectOld()
  })
})

describe('an application that does not come back', { timeout: 400_000 }, () => {
  const store = () => join(platform.stacks.directory, 'infrastructure/migrations/iam')
  const asBefore = '00001_initial_schema.sql'
  const notWhatItNeeds = '00007_initial_schema.sql'

  it('is named, with its log to look at, the state of the platform and both commands', async () => {
    renameSync(join(store(), asBefore), join(store(), notWhatItNeeds))
    try {
      const { exit, stderr } = await cutOver(victim)
      expect({ exit, stderr }).toMatchObject({ exit: 1 })
      const { PO_QUAL_PROJECT: project, PO_VOLUME: volume } = platform.stacks.env
      const service = `${project}-iam-service-1`
      expect(stderr).toContain(`${project} did not come back: ${service} (unhealthy).`)
      expect(stderr).toContain(`docker logs --tail 30 ${service}`)
      expect(stderr).toContain(`Started, but not seen healthy: ${project}, `)
      expect(stderr).not.toContain('Stopped:')
      expect(stderr).toContain(`What ${volume} held is safe in ${volume}-`)
      expect(stderr).toContain(`${volume} is new, and Postgres runs on it.`)
      expectCommands(stderr)
    } finally {
      renameSync(join(store(), notWhatItNeeds), join(store(), asBefore))
    }
  })

  it('leaves a run that is undone, with every row and every container', async () => {
    const undone = await cutOver(victim, '--undo')
    expect(undone.exit, undone.stderr).toBe(0)
    await victim.expectOld()
  })
})

describe('an environment with a checkout of its own', { timeout: 400_000 }, () => {
  it('is migrated from there, and the plan says so', async () => {
    const { directory } = platform.stacks
    const release = join(directory, 'releases/qual/releases/one')
    mkdirSync(join(directory, 'releases/qual/releases'), { recursive: true })
    await run('cp', ['-a', join(directory, 'infrastructure'), join(directory, 'copied')])
    mkdirSync(release)
    renameSync(join(directory, 'copied'), join(release, 'infrastructure'))
    await run('ln', ['-s', 'releases/one', join(directory, 'releases/qual/current')])
    writeFileSync(
      join(release, 'infrastructure/migrations/iam/00002_only_in_qual.sql'),
      '-- migrate:up\ncreate table only_in_qual (id bigint);\n\n-- migrate:down\ndrop table only_in_qual;\n',
    )
    const there: Victim = {
      ...victim,
      env: { ...victim.env, PO_VPS_RELEASES: join(directory, 'releases') },
    }
    const done = await cutOver(there)
    expect(done.exit, done.stderr).toBe(0)
    expect(done.stderr).toContain(`qual is migrated from ${release}/infrastructure.`)
    expect(done.stderr).not.toContain('prod is migrated from')
    const versions = "select string_agg(version, ' ' order by version) from schema_migrations"
    expect(await platform.psql('iam_qual', versions)).toBe('00001 00002')
    expect(await platform.psql('iam_prod', versions)).toBe('00001')
    expect((await cutOver(there, '--undo')).exit).toBe(0)
    await victim.expectOld()
  })
})

describe('a cutover that loses what keeps others away, in the middle of its copy', {
  timeout: 400_000,
}, () => {
  const copyOfVolume = vpsSteps.indexOf('copy-volume')

  it.each([
    {
      what: 'the guard of its volume',
      lose: () => docker(['rm', '--force', `po-migrate-volume-${platform.stacks.env.PO_VOLUME}`]),
      says: (): string => `The guard of the volume ${platform.stacks.env.PO_VOLUME} is gone.`,
      way: '--resume',
      expectRight: () => victim.expectNew(),
    },
    {
      what: 'the lock of its host',
      lose: async () => {
        const { stdout } = await run('pgrep', ['-f', `^flock --exclusive .*${victim.env.PO_STATE}/host.lock`])
        expect(stdout).toMatch(/^\d+\n$/)
        process.kill(Number(stdout), 'SIGKILL')
      },
      says: (): string => 'The process that held the lock of the host ended',
      way: '--undo',
      expectRight: () => victim.expectOld(),
    },
    {
      what: 'the lock file of its host',
      lose: async () => rmSync(join(victim.env.PO_STATE ?? '', 'host.lock')),
      says: (): string => 'The lock file of the host was removed',
      way: '--undo',
      expectRight: () => victim.expectOld(),
    },
  ])('($what): wipes nothing, and $way ends it well', async ({ lose, says, way, expectRight }) => {
    const { tool } = await beginStrike(victim, { step: copyOfVolume, after: 0 })
    await lose()
    const { exit, stderr } = await tool.ended
    expect({ exit, stderr }).toMatchObject({ exit: 1 })
    expect(stderr).toContain(says())
    expect(stderr).toContain(`The volume ${platform.stacks.env.PO_VOLUME} is as it was.`)
    expectCommands(stderr)
    expect(newest(victim)?.begunSteps.size).toBeLessThanOrEqual(copyOfVolume + 2)
    const ended = await cutOver(victim, way)
    expect(ended.exit, ended.stderr).toBe(0)
    await expectRight()
    if (way === '--resume') expect((await cutOver(victim, '--undo')).exit).toBe(0)
    await victim.expectOld()
  })
})
