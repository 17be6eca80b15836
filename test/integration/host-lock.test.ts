import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acquireHostLock, type HostLockOptions } from '../../src/io/host/host-lock.ts'
import type { Holder } from '../../src/model/holder.ts'
import { doctorDocument } from '../../src/report/documents.ts'
import { eventually, run, uniqueName } from '../support/engine/docker.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { startTool } from '../support/tool/process.ts'
import { makeProject, migration, type Project, type ProjectOptions } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

const postgres = usePostgres()

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'pmt-state-'))
})
afterEach(() => rmSync(state, { recursive: true, force: true }))

const holder: Holder = {
  run: '20260101T000000-abcdef',
  user: 'anna',
  host: 'vps',
  pid: 4711,
  command: 'po-migrate cutover vps',
  since: '2026-01-01T19:02:11.000Z',
}

const acquire = (mode: HostLockOptions['mode'], wait = 0) =>
  acquireHostLock({ state, mode, holder, wait, path: process.env.PATH })

const project = (name: string, edit?: ProjectOptions['edit']): Project =>
  makeProject({
    network: postgres.network,
    store: { [name]: { '00001_a.sql': migration('create table a (id int);') } },
    edit: (config) => {
      config.state = state
      edit?.(config)
    },
  })

const up = ({ directory }: Project, ...args: string[]) =>
  runTool(['up', 'dev', ...args], { cwd: directory, env: { HOME: state } })

describe('the host lock', () => {
  it('is shared by all who write, and a cutover waits until the last of them has ended', async () => {
    const first = await acquire('shared')
    const second = await acquire('shared')
    expect([first.state, second.state]).toEqual(['held', 'held'])
    await expect(acquire('exclusive')).rejects.toMatchObject({ exitCode: 5 })
    await first[Symbol.asyncDispose]()
    await expect(acquire('exclusive')).rejects.toMatchObject({ exitCode: 5 })
    const waiting = acquire('exclusive', 20)
    await second[Symbol.asyncDispose]()
    await using cutover = await waiting
    expect(cutover.state).toBe('held')
    await expect(acquire('exclusive')).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('anna@vps, pid 4711, "po-migrate cutover vps", since 19:02:11 UTC'),
    })
  })

  it('refuses up with 5 while a cutover runs, naming it, and lets it pass afterwards', async () => {
    using files = project('hosted')
    const cutover = await acquire('exclusive')
    const { exit, stderr } = await up(files, '--lock-wait', '0')
    expect(exit).toBe(5)
    expect(stderr).toContain(
      'The host is locked by another run: anna@vps, pid 4711, "po-migrate cutover vps", since 19:02:11 UTC.',
    )
    expect(stderr).toContain('Nothing was touched.')
    expect(await postgres.psql('postgres', "select count(*) from pg_database where datname = 'hosted'")).toBe(
      '0',
    )
    const waiting = up(files, '--lock-wait', '30')
    await cutover[Symbol.asyncDispose]()
    expect(await waiting).toMatchObject({ exit: 0 })
  })

  it('is taken before Postgres is tried: a stopped server during a cutover is 5 and not 6', async () => {
    using files = project('any', (config) => {
      config.environments.dev.network = uniqueName('none')
    })
    {
      await using _cutover = await acquire('exclusive')
      expect(await up(files, '--lock-wait', '0')).toMatchObject({ exit: 5 })
    }
    expect(await up(files, '--lock-wait', '0')).toMatchObject({ exit: 6 })
  })

  it('is freed by the kernel when its process is killed, and the dead one is not named any more', async () => {
    const script = join(state, 'hold.mts')
    const module = join(import.meta.dirname, '../../src/io/host/host-lock.ts')
    writeFileSync(
      script,
      `const { acquireHostLock } = await import(${JSON.stringify(module)})
       await acquireHostLock({ state: ${JSON.stringify(state)}, mode: 'exclusive', wait: 20, path: process.env.PATH, holder: ${JSON.stringify(holder)} })
       setInterval(() => {}, 1000)`,
    )
    const cutover = startTool([], { cwd: state, entry: script })
    await eventually(
      'the cutover to hold the lock',
      async () =>
        (await acquire('shared').then(
          (lock) => lock[Symbol.asyncDispose]().then(() => undefined),
          ({ message }: Error) => message.includes('pid 4711') || undefined,
        )) || undefined,
    )
    cutover.child.kill('SIGKILL')
    await cutover.ended
    const started = performance.now()
    const writer = await acquire('shared', 10)
    expect(writer.state).toBe('held')
    expect(performance.now() - started).toBeLessThan(5000)
    await expect(acquire('exclusive')).rejects.toMatchObject({
      message: 'The host is locked by another run.',
    })
    await writer[Symbol.asyncDispose]()
  })

  /** A PATH with all that the tool needs but flock, or with one that is this script. */
  const pathWith = async (flock?: string): Promise<string> => {
    const bin = mkdtempSync(join(state, 'bin-'))
    for (const tool of ['git', 'docker', 'sh'])
      symlinkSync((await run('which', [tool])).stdout.trim(), join(bin, tool))
    if (flock !== undefined) writeFileSync(join(bin, 'flock'), `#!/bin/sh\n${flock}\n`, { mode: 0o755 })
    return bin
  }

  const toolWith = async (files: Project, flock: string | undefined, ...args: string[]) => {
    const env = { HOME: state, PATH: await pathWith(flock) }
    return startTool(args, { cwd: files.directory, env }).ended
  }

  const served = (name: string): Project =>
    project(name, (config) => {
      config.hosts.local = { ssh: 'deploy@vps.example', machine: 'vps' }
    })

  const unfit: [what: string, flock: string | undefined, why: string][] = [
    ['there is no flock', undefined, 'there is no flock'],
    [
      "flock is BusyBox', which cannot wait",
      'echo "unrecognized option: wait" >&2; exit 1',
      'unrecognized option',
    ],
    ['flock is killed', 'kill -9 $$', 'flock ended with SIGKILL'],
    ['flock says something else than that it holds', 'echo fine', 'flock ended with 0'],
    ['the file system knows no locks', 'echo "No locks available" >&2; exit 71', 'No locks available'],
  ]

  it.each(unfit)('is told to be missing on a laptop where %s, and the run goes on', async (_, flock, why) => {
    using files = project(uniqueName('flockless').replaceAll('-', '_'))
    const { exit, stderr } = await toolWith(files, flock, 'up', 'dev')
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
    expect(stderr.split(why)).toHaveLength(2)
    expect(stderr).toContain('util-linux')
  })

  it.each(unfit)('stops every verb that writes on a shared host where %s', async (_, flock, why) => {
    using files = served('unlocked')
    for (const verb of ['up dev', 'rollback dev --db unlocked', 'backup dev']) {
      const { exit, stderr } = await toolWith(files, flock, ...verb.split(' '), '--here')
      expect({ verb, exit, stderr }).toMatchObject({ exit: 4 })
      expect(stderr).toContain('The lock of the host local cannot be taken: ')
      expect(stderr).toContain(why)
      expect(stderr).toContain('→ sudo apt-get install util-linux')
    }
    expect(
      await postgres.psql('postgres', "select count(*) from pg_database where datname = 'unlocked'"),
    ).toBe('0')
    const doctor = await toolWith(files, flock, 'doctor', 'dev', '--here', '--json')
    expect(lockCheck(doctor.stdout)).toMatchObject({ status: 'failed' })
  })

  const lockCheck = (stdout: string) =>
    doctorDocument.parse(JSON.parse(stdout)).checks.find(({ title }) => title === 'host lock')

  it('is a warning of doctor on a laptop without flock', async () => {
    using files = project('warned')
    const { stdout } = await toolWith(files, undefined, 'doctor', 'dev', '--json')
    expect(lockCheck(stdout)).toMatchObject({
      status: 'warning',
      remedy: expect.stringContaining('util-linux'),
    })
  })

  it('whose file flock cannot open (66) is 2 with a remedy, and not taken for another run', async () => {
    using files = project('closed')
    const { exit, stderr } = await toolWith(files, 'exit 66', 'up', 'dev')
    expect(exit).toBe(2)
    expect(stderr).toContain(`The lock file ${join(state, 'host.lock')} cannot be opened.`)
    expect(stderr).toContain(`→ sudo chmod 660 ${join(state, 'host.lock')}`)
  })
})

describe('the state directory', () => {
  it('that a server does not have is 2, with the line that makes it', async () => {
    const missing = join(state, 'missing')
    using files = project('served', (config) => {
      config.state = missing
      config.hosts.local = { ssh: 'deploy@vps.example', machine: 'vps' }
    })
    const { exit, stderr } = await up(files, '--here')
    expect(exit).toBe(2)
    expect(stderr).toContain(`The state directory ${missing} does not exist.`)
    expect(stderr).toContain(`→ sudo install -d -m 2770 -g docker ${missing}`)
    expect(await postgres.psql('postgres', "select count(*) from pg_database where datname = 'served'")).toBe(
      '0',
    )
  })

  it('is made where the host is this machine, for its user alone', async () => {
    using files = project('owned', (config) => {
      config.state = join(state, 'deep', 'own')
    })
    expect(await up(files)).toMatchObject({ exit: 0 })
    expect((await run('stat', ['-c', '%a', join(state, 'deep', 'own')])).stdout.trim()).toBe('700')
    expect(readFileSync(join(state, 'deep', 'own', 'host.lock'), 'utf8')).toBe('')
  })
})

const slow = {
  '00002_slow.sql': migration('select pg_sleep(4);'),
  '00003_next.sql': migration('select 1;'),
}

const whileSlow = async (name: string): Promise<void> => {
  const asleep = `select count(*) from pg_stat_activity where datname = '${name}' and wait_event = 'PgSleep'`
  await eventually(
    'the slow file to run',
    async () => (await postgres.psql('postgres', asleep)) === '1' || undefined,
  )
}

describe('a host lock whose process is killed in mid-run', () => {
  /** flock on this state directory, and the child in which it waits for our pipe to end. */
  const findFlock = async (): Promise<string[]> => {
    const [flock = ''] = (await run('pgrep', ['-f', `^flock .*${state}/host.lock`])).stdout.trim().split('\n')
    const [child = ''] = (await run('pgrep', ['-P', flock])).stdout.trim().split('\n')
    expect([flock, child].join(' ')).toMatch(/^\d+ \d+$/)
    return [flock, child]
  }

  it.each([
    ['flock', 0],
    ['what holds it for flock', 1],
  ])('is missed when it is %s: nothing more is started, and that is 1 with words', async (_, which) => {
    const name = `unheld_${which}`
    using files = project(name)
    files.migrations({ [name]: slow })
    const running = up(files)
    await whileSlow(name)
    process.kill(Number((await findFlock())[which]), 'SIGKILL')
    const { exit, stderr } = await running
    expect({ exit, stderr }).toMatchObject({ exit: 1 })
    expect(stderr).toContain(
      'The process that held the lock of the host ended, so nothing further was started.',
    )
    expect(stderr).toContain('another run may be at work on this host')
    expect(stderr).toContain('00001, 00002 stay applied')
    expect(stderr).toContain('→ po-migrate up dev')
    expect(await postgres.versions(name)).toBe('00001 00002')
    expect(await up(files)).toMatchObject({ exit: 0 })
    expect(await postgres.versions(name)).toBe('00001 00002 00003')
  })

  it('leaves the name of who has the lock now where it is', async () => {
    const first = await acquire('exclusive')
    process.kill(Number((await findFlock())[1]), 'SIGKILL')
    await eventually('the loss', () => first.lost.aborted || undefined)
    expect(first.lost.reason).toMatchObject({ exitCode: 1 })
    await using second = await acquire('exclusive')
    await first[Symbol.asyncDispose]()
    expect(readFileSync(join(state, 'host.lock.json'), 'utf8')).toContain('"pid":4711')
    expect(second.lost.aborted).toBe(false)
  })

  it('is not lost by who lets it go', async () => {
    const lock = await acquire('shared')
    await lock[Symbol.asyncDispose]()
    expect(lock.lost.aborted).toBe(false)
  })
})

describe('a lock file that is removed in mid-run', () => {
  const file = (): string => join(state, 'host.lock')

  it('is missed: nothing more is started, and that is 1 with words', async () => {
    using files = project('unfiled')
    files.migrations({ unfiled: slow })
    const running = up(files)
    await whileSlow('unfiled')
    rmSync(file())
    const { exit, stderr } = await running
    expect({ exit, stderr }).toMatchObject({ exit: 1 })
    expect(stderr).toContain('The lock file of the host was removed, so nothing further was started.')
    expect(stderr).toContain(`Who comes next locks a new ${file()}`)
    expect(stderr).toContain('00001, 00002 stay applied')
    expect(stderr).toContain('→ po-migrate up dev')
    expect(await postgres.versions('unfiled')).toBe('00001 00002')
    expect(await up(files)).toMatchObject({ exit: 0 })
    expect(await postgres.versions('unfiled')).toBe('00001 00002 00003')
  })

  it('is missed too where another run has made a new one, whose name stays', async () => {
    const first = await acquire('exclusive')
    first.verify()
    rmSync(file())
    await using second = await acquire('exclusive')
    expect(() => first.verify()).toThrow('The lock file of the host was removed')
    expect(first.lost.reason).toMatchObject({ exitCode: 1 })
    await first[Symbol.asyncDispose]()
    expect(readFileSync(join(state, 'host.lock.json'), 'utf8')).toContain('"pid":4711')
    second.verify()
  })

  it('is not what one that waited for it gets: it waits for who has the new one', async () => {
    const first = await acquire('exclusive')
    const waiting = acquire('exclusive', 20)
    const waits = async () => (await run('pgrep', ['-f', `^flock --exclusive --wait 20 .*${file()}`])).stdout
    await eventually('the second to wait', async () => (await waits()) !== '' || undefined)
    rmSync(file())
    const third = await acquire('exclusive')
    await first[Symbol.asyncDispose]()
    await expect(Promise.race([waiting, sleep(700, 'waits')])).resolves.toBe('waits')
    await third[Symbol.asyncDispose]()
    await using second = await waiting
    second.verify()
    expect(readFileSync(join(state, 'host.lock.json'), 'utf8')).toContain('"pid":4711')
  })
})
