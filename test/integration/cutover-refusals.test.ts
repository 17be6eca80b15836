import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { doctorDocument } from '../../src/report/documents.ts'
import { docker, eventually, uniqueName } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'
import { makeStacks, type Stacks } from '../support/platform/stacks.ts'
import { readEvents } from '../support/tool/events.ts'
import { runTool, type ToolOptions, type ToolResult } from '../support/tool/tool.ts'

let stacks: Stacks
const tool = (args: string, options: Partial<ToolOptions> = {}): Promise<ToolResult> =>
  runTool(args.split(' '), { cwd: stacks.directory, ...options, env: { ...stacks.env, ...options.env } })
const postgres = (): string => `${stacks.env.PO_DEV_PROJECT}-postgres-1`
const psql = (sql: string): Promise<string> =>
  docker(['exec', postgres(), 'psql', '-U', 'postgres', '-d', 'iam', '-XAtqc', sql])
const state = (): Promise<string> =>
  docker(['inspect', '--format', '{{.Id}} {{.State.StartedAt}}', postgres()])

/** Whatever it answers, the stack and its data are as they were. */
const touchingNothing = async (work: () => Promise<void>): Promise<void> => {
  const before = await state()
  await work()
  expect(await state()).toBe(before)
  expect(await psql('select count(*) from mine')).toBe('3')
}

const edited = async (
  path: string,
  edit: (text: string) => string,
  work: () => Promise<void>,
): Promise<void> => {
  const file = join(stacks.directory, 'infrastructure', path)
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, edit(text))
  try {
    await work()
  } finally {
    writeFileSync(file, text)
  }
}

beforeAll(async () => {
  stacks = makeStacks()
  stacks.env.PO_ABORT_WINDOW = '0'
  expect(await tool('cutover dev')).toMatchObject({ exit: 0 })
  await psql('create table mine as select generate_series(1, 3)')
})
afterAll(() => stacks[Symbol.asyncDispose]())

describe('cutover refuses, and touches nothing', () => {
  it('a host without a cutover section, and an unknown one', async () => {
    expect(await tool('cutover nowhere')).toMatchObject({ exit: 2 })
    await edited(
      'migrate.yaml',
      (text) => text.replace(/ {4}cutover:\n {6}abort_window.*\n/, ''),
      async () => {
        expect(await tool('cutover dev')).toMatchObject({
          exit: 2,
          stderr: expect.stringContaining('The host dev has no cutover: section.'),
        })
      },
    )
  })

  it('when it is interrupted in the abort window: exit 130, nothing changed', () =>
    touchingNothing(async () => {
      const interrupt = new AbortController()
      const env = { PO_ABORT_WINDOW: '60' }
      setTimeout(() => interrupt.abort('SIGINT'), 4000)
      const { exit, stderr } = await tool('cutover dev', { interrupt: interrupt.signal, env })
      expect(stderr).toContain('in 60 s; Ctrl-C keeps everything as it is')
      expect(stderr).toContain('Nothing was touched.')
      expect(exit).toBe(130)
      expect(await tool('cutover dev --resume')).toMatchObject({
        exit: 4,
        stderr: expect.stringContaining('There is nothing to resume on dev.'),
      })
    }))

  it('whoever else comes meanwhile: exit 5, naming the cutover', () =>
    touchingNothing(async () => {
      const interrupt = new AbortController()
      const env = { PO_ABORT_WINDOW: '120' }
      const running = tool('cutover dev', { interrupt: interrupt.signal, env })
      const other = await eventually('somebody to be refused', async () => {
        const answer = await tool('up dev --lock-wait 0')
        return answer.exit === 5 ? answer : undefined
      })
      expect(other.stderr).toContain('"po-migrate cutover dev"')
      interrupt.abort('SIGTERM')
      expect((await running).exit).toBe(143)
    }))

  it('while another container mounts the volume, running or not', () =>
    touchingNothing(async () => {
      const holder = uniqueName('holder')
      const mounted = ['--name', holder, '--volume', `${stacks.env.PO_VOLUME}:/data`]
      await docker(['create', ...mounted, '--init', postgresImage, 'sleep', '600'])
      try {
        const { exit, stderr } = await tool('cutover dev')
        expect(exit).toBe(4)
        expect(stderr).toContain(`The volume ${stacks.env.PO_VOLUME} is used by ${holder} too.`)
        expect(stderr).toContain(`${holder} (${postgresImage}) is created`)
        expect(stderr).toContain(`→ docker rm ${holder}\n`)
        await docker(['start', holder])
        expect((await tool('cutover dev')).stderr).toContain(`→ docker stop ${holder}\n`)
      } finally {
        await docker(['rm', '--force', '--volumes', holder])
      }
    }))

  it('a compose file that is not valid', () =>
    touchingNothing(() =>
      edited(
        'compose/development.yml',
        (text) => text.replace('restart: unless-stopped', 'restrat: always'),
        async () => {
          const { exit, stderr } = await tool('cutover dev')
          expect(exit).toBe(2)
          expect(stderr).toContain(`The compose file of ${stacks.env.PO_DEV_PROJECT} is not valid`)
          expect(stderr).toContain('restrat')
        },
      ),
    ))

  it('an image that is not on this machine', () =>
    touchingNothing(async () => {
      const env = { PO_DBMATE_IMAGE: '127.0.0.1:1/no/dbmate:1' }
      expect(await tool('cutover dev', { env })).toMatchObject({
        exit: 6,
        stderr: expect.stringContaining('→ docker pull 127.0.0.1:1/no/dbmate:1'),
      })
    }))

  it('migration files that are not fit to run', () =>
    touchingNothing(() =>
      edited(
        'migrations/rag/00001_pgvector_initial.sql',
        () => 'create table nothing ();\n',
        async () => {
          expect(await tool('cutover dev')).toMatchObject({ exit: 2 })
        },
      ),
    ))

  it('two of --resume, --undo and --attach at once, and to attach to nothing', async () => {
    expect(await tool('cutover dev --resume --undo')).toMatchObject({ exit: 2 })
    expect(await tool('cutover dev --attach')).toMatchObject({ exit: 4 })
  })
})

describe('a migration that fails after the wipe', { timeout: 300_000 }, () => {
  const file = 'migrations/rag/00001_pgvector_initial.sql'
  const fail = (text: string): string => text.replace('-- migrate:up\n', '-- migrate:up\nselect 1 / 0;\n')

  it('says what state the platform is in, and a plain new invocation says it again', async () => {
    await edited(file, fail, async () => {
      const failed = await tool('cutover dev')
      expect(failed.exit).toBe(1)
      for (const { stderr } of [failed, await tool('cutover dev')]) {
        expect(stderr).toMatch(/What pmt-\S+ held is safe in pmt-\S+\./)
        expect(stderr).toContain('and Postgres runs on it.')
        expect(stderr).toContain('po-migrate cutover dev --resume')
        expect(stderr).toContain('po-migrate cutover dev --undo')
        expect(stderr).toContain('division by zero')
      }
      expect(await tool('cutover dev')).toMatchObject({ exit: 4 })
    })
  })

  it('is what doctor fails for, with both commands', async () => {
    const { stdout } = await tool('doctor dev --json')
    const found = doctorDocument.parse(JSON.parse(stdout)).checks
    expect(found.find(({ title }) => title === 'cutover')).toMatchObject({
      status: 'failed',
      remedy: 'po-migrate cutover dev --resume\npo-migrate cutover dev --undo',
    })
    expect(found.find(({ title }) => title === 'copies of the volume')?.finding).toContain(
      `${stacks.env.PO_VOLUME}-2`,
    )
  })

  it('is resumed once it is corrected, from the step that failed', async () => {
    const { steps } = readEvents(await tool('cutover dev --resume --json'))
    expect(steps.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'migrate done',
      'verify done',
      'discard-copies done',
    ])
    expect(await tool('status dev --exit-code')).toMatchObject({ exit: 0 })
  })

  it('is undone instead, with every row', async () => {
    expect(await tool('cutover dev --undo')).toMatchObject({ exit: 0 })
    expect(await psql('select count(*) from mine')).toBe('3')
    await edited(file, fail, async () => {
      expect(await tool('cutover dev')).toMatchObject({ exit: 1 })
      expect(await tool('cutover dev --undo')).toMatchObject({ exit: 0 })
    })
    expect(await psql('select count(*) from mine')).toBe('3')
  })
})

describe('a Postgres that does not come up after the wipe', { timeout: 300_000 }, () => {
  it('stops the cutover with its state and both commands; undo brings everything back', async () => {
    const nonsense = (text: string): string =>
      text.replace(
        '    restart: unless-stopped',
        '    command: [postgres, -c, nonsense=1]\n    restart: "no"',
      )
    await edited('compose/development.yml', nonsense, async () => {
      const { exit, stderr } = await tool('cutover dev')
      expect(exit).toBe(1)
      expect(stderr).toContain(`The stack ${stacks.env.PO_DEV_PROJECT} did not come up.`)
      expect(stderr).toMatch(/What pmt-\S+ held is safe in pmt-\S+\./)
      expect(stderr).toContain('po-migrate cutover dev --undo')
    })
    expect(await tool('cutover dev --undo')).toMatchObject({ exit: 0 })
    expect(await psql('select count(*) from mine')).toBe('3')
  })
})
