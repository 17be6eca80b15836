import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectDocker, type Docker } from '../../src/io/docker/docker.ts'
import { resolveEndpoint } from '../../src/io/docker/endpoint.ts'
import { type HoldOptions, holdVolume } from '../../src/io/docker/volume-guard.ts'
import { awaitVolumes, guardName, readVolumeHolder } from '../../src/io/docker/volume-holder.ts'
import { runShell } from '../../src/io/host/shell.ts'
import type { Holder } from '../../src/model/holder.ts'
import { docker as cli, eventually, run, uniqueName } from '../support/engine/docker.ts'
import { dbmateImage, postgresImage } from '../support/engine/images.ts'
import { startTool } from '../support/tool/process.ts'

const holder: Holder = {
  run: '20260101T000000-abcdef',
  user: 'anna',
  host: 'vps',
  pid: 4711,
  command: 'po-migrate cutover vps',
  since: '2026-01-01T19:02:11.000Z',
}

let docker: Docker
let volume: string
beforeAll(async () => {
  docker = await connectDocker(await resolveEndpoint(process.env, runShell))
})
beforeEach(() => {
  volume = uniqueName('guarded')
})
afterEach(() => run('docker', ['rm', '--force', '--volumes', guardName(volume)]))

const hold = (options: Partial<HoldOptions> = {}) =>
  holdVolume(docker, {
    volume,
    images: [postgresImage],
    holder,
    wait: 0,
    interrupt: new AbortController().signal,
    onWait: () => {},
    ...options,
  })

const isThere = async (): Promise<boolean> => (await run('docker', ['inspect', guardName(volume)])).exit === 0

/** A container of that name as another run would have left it. */
const leave = async (command: readonly string[], start: boolean): Promise<string> => {
  const labels = ['--label', `po-migrate.guard=${volume}`]
  const args = ['--name', guardName(volume), ...labels, '--entrypoint', 'sleep', dbmateImage, ...command]
  const id = await cli(['create', ...args])
  if (start) await cli(['start', '--attach', id])
  return id
}

describe('the guard of a volume', () => {
  it('is held by one run only: the next is told whose it is, and gets it when that has ended', async () => {
    const first = await hold()
    await expect(hold()).rejects.toMatchObject({
      exitCode: 5,
      message: `The volume ${volume} is held by another run: anna@vps, pid 4711, "po-migrate cutover vps", since 19:02:11 UTC.`,
    })
    const waiting = hold({ wait: 20 })
    await first[Symbol.asyncDispose]()
    await using second = await waiting
    await second.verify()
  })

  it('bears its project, and is not lost by who lets it go', async () => {
    const guard = await hold({ holder: { ...holder, project: 'shop' } })
    const format = '{{index .Config.Labels "po-migrate.project"}}'
    expect(await cli(['inspect', '--format', format, guard.id])).toBe('shop')
    await guard[Symbol.asyncDispose]()
    expect(guard.lost.aborted).toBe(false)
  })

  it('goes with its run, and mounts nothing', async () => {
    {
      await using guard = await hold()
      const mounts = await cli(['inspect', '--format', '{{json .Mounts}}', guard.id])
      expect(JSON.parse(mounts)).toEqual([])
    }
    expect(await isThere()).toBe(false)
  })

  it('is one for each volume, by its whole name, however long', async () => {
    const long = `${volume}-${'x'.repeat(180)}`
    await using _one = await hold({ volume: `${long}-a` })
    await using _other = await hold({ volume: `${long}-b` })
    expect(await readVolumeHolder(docker, [`${long}-b`])).toEqual({ volume: `${long}-b`, holder })
  })

  it.each([
    { what: 'was made and never started', command: ['100'], start: false },
    { what: 'has ended', command: ['0'], start: true },
  ])('is taken from a dead run whose container $what', async ({ command, start }) => {
    const dead = await leave(command, start)
    await using guard = await hold()
    expect(guard.id).not.toBe(dead)
    await guard.verify()
  })

  it('goes to one of many who find a dead one at the same time', async () => {
    await leave(['0'], true)
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => hold()))
    const won = all.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
    expect(won).toHaveLength(1)
    for (const one of all)
      if (one.status === 'rejected') expect(one.reason, one.reason.message).toMatchObject({ exitCode: 5 })
    await won[0]?.verify()
    await won[0]?.[Symbol.asyncDispose]()
  })

  it('is missed by its run when somebody has removed it, or holds another of that name', async () => {
    const guard = await hold()
    await cli(['rm', '--force', guardName(volume)])
    await eventually('the loss to be noticed unasked', () => guard.lost.aborted || undefined)
    await expect(guard.verify()).rejects.toMatchObject({
      exitCode: 1,
      message: `The guard of the volume ${volume} is gone.`,
    })
    await using other = await hold()
    await expect(guard.verify()).rejects.toMatchObject({ exitCode: 1 })
    await guard[Symbol.asyncDispose]()
    await other.verify()
  })

  it('ends with its process, killed as it may be', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pmt-guard-'))
    const script = join(directory, 'hold.mts')
    const module = (name: string): string =>
      JSON.stringify(join(import.meta.dirname, `../../src/io/docker/${name}.ts`))
    writeFileSync(
      script,
      `const { holdVolume } = await import(${module('volume-guard')})
       const { connectDocker } = await import(${module('docker')})
       const docker = await connectDocker({ host: ${JSON.stringify(process.env.DOCKER_HOST)} })
       await holdVolume(docker, { volume: '${volume}', images: ['${postgresImage}'], holder: ${JSON.stringify(holder)},
         wait: 0, interrupt: new AbortController().signal, onWait: () => {} })
       console.error('held')
       setInterval(() => {}, 1000)`,
    )
    const tool = startTool([], { cwd: directory, entry: script })
    try {
      await eventually('the guard', () => tool.stderr().includes('held') || undefined)
      await expect(hold()).rejects.toMatchObject({ exitCode: 5 })
      tool.child.kill('SIGKILL')
      await using guard = await hold({ wait: 10 })
      await guard.verify()
    } finally {
      tool.child.kill('SIGKILL')
      await tool.ended
      rmSync(directory, { recursive: true, force: true })
    }
  })

  it('starts from the first image that is there and has a shell; 6 with a remedy where none has', async () => {
    const none = '127.0.0.1:1/no/such:1'
    {
      await using guard = await hold({ images: [none, postgresImage] })
      await guard.verify()
    }
    await expect(hold({ images: [none] })).rejects.toMatchObject({
      exitCode: 6,
      hint: `docker pull ${none}`,
    })
  })

  it('does not end a container of that name which is not ours', async () => {
    const id = await cli(['run', '--detach', '--name', guardName(volume), postgresImage, 'sleep', '100'])
    await expect(hold()).rejects.toMatchObject({ exitCode: 4 })
    expect(await cli(['inspect', '--format', '{{.State.Running}}', id])).toBe('true')
  })
})

describe('whoever only writes to databases', () => {
  const wait = (seconds: number) =>
    awaitVolumes(docker, {
      volumes: [volume],
      wait: seconds,
      interrupt: new AbortController().signal,
      onWait: () => {},
    })

  it('waits for the run that holds their volume, for as long as it may', async () => {
    const guard = await hold()
    await expect(wait(0)).rejects.toMatchObject({ exitCode: 5 })
    const waiting = wait(20)
    await guard[Symbol.asyncDispose]()
    await waiting
  })

  it('is not stopped by what a dead run left', async () => {
    await leave(['0'], true)
    await wait(0)
  })
})
