import { describe, expect, it } from 'vitest'
import { type RestoreStep, restoreKinds } from '../../../src/backup/steps/restore-kinds.ts'
import { AppError, type ExitCode } from '../../../src/errors.ts'
import type { Plan } from '../../../src/model/plan.ts'
import type { Report } from '../../../src/report/report.ts'
import { eventDocument, type RunEvent } from '../../../src/report/run-documents.ts'
import { execute } from '../../../src/run/execute.ts'
import { type MigrateStep, migrateKinds } from '../../../src/run/steps/migrate-kinds.ts'
import { type StartStep, startKinds } from '../../../src/run/steps/start-kinds.ts'
import { managedDatabase, parsed } from '../support/fixtures.ts'

const kinds = { ...startKinds, ...migrateKinds, ...restoreKinds }
type Step = StartStep | MigrateStep | RestoreStep

const apply = (name: string, file: string): Step => ({
  kind: 'apply-migration',
  managed: managedDatabase(name, '_qual'),
  migration: parsed(file),
})

const steps: Step[] = [
  { kind: 'pull-image', image: 'dbmate:2' },
  { kind: 'create-database', managed: managedDatabase('iam', '_qual') },
  apply('iam', '00001_a.sql'),
  apply('calendar', '00001_a.sql'),
  apply('calendar', '00002_b.sql'),
  apply('rag', '00001_a.sql'),
]

const recorder = () => {
  const events: RunEvent[] = []
  const report: Report = {
    event: (event) => void events.push(event),
    note: () => {},
    result: () => {},
    progress: () => {},
    close: () => {},
  }
  return { events, report }
}

type Act = (tools: { interrupt: AbortController; stop: AbortController }) => void

/** Executes the plan; `at` says what happens during the step of that index. */
const run = async (
  at: Record<number, Act> = {},
  { planned = steps, continueOnError = false }: { planned?: readonly Step[]; continueOnError?: boolean } = {},
) => {
  const { events, report } = recorder()
  const interrupt = new AbortController()
  const stop = new AbortController()
  const performed: string[] = []
  const plan: Plan<Step> = { version: 1, command: 'up', environment: 'qual', steps: planned }
  const result = await execute(plan, {
    run: 'r1',
    kinds,
    report,
    interrupt: interrupt.signal,
    stop: stop.signal,
    resume: 'po-migrate up qual',
    continueOnError,
    perform: async (step) => {
      performed.push(step.kind)
      at[planned.indexOf(step)]?.({ interrupt, stop })
    },
  })
  const statuses = result.outcomes.map(({ status }) => status)
  return { ...result, statuses, events, performed }
}

const fail = (exitCode: ExitCode, hint?: string): Act => {
  const error = new AppError('it broke', { exitCode, details: ['why'], ...(hint && { hint }) })
  return () => {
    throw error
  }
}

describe('execute', () => {
  it('performs every step in order, with an event before and after each', async () => {
    const { exit, status, performed, events, error } = await run()
    expect({ exit, status, error }).toEqual({ exit: 0, status: 'done', error: undefined })
    expect(performed).toEqual(steps.map(({ kind }) => kind))
    expect(events.map((each) => `${each.event} ${'step' in each ? each.step : ''}`)).toEqual(
      steps.flatMap((_, index) => [`step.started ${index + 1}`, `step.finished ${index + 1}`]),
    )
  })

  it('stops at the first failure, reports the rest as skipped, and says where every database stands', async () => {
    const { exit, status, statuses, performed, events, error } = await run({ 4: fail(1) })
    expect({ exit, status }).toEqual({ exit: 1, status: 'failed' })
    expect(performed).toHaveLength(5)
    expect(statuses).toEqual(['done', 'done', 'done', 'done', 'failed', 'skipped'])
    expect(error).toMatchObject({
      message: 'it broke',
      details: [
        'why',
        'iam_qual       done',
        'calendar_qual  failed: 00001 stays applied',
        'rag_qual       untouched',
      ],
      hint: expect.stringContaining('po-migrate up qual'),
    })
    expect(events.at(-2)).toMatchObject({
      event: 'step.finished',
      step: 5,
      status: 'failed',
      error: { message: 'it broke', details: ['why'] },
    })
    expect(events.at(-1)).toMatchObject({ event: 'step.finished', step: 6, status: 'skipped', ms: 0 })
  })

  it('goes on with the other databases when told so, and reports every failure', async () => {
    const { exit, statuses, error } = await run(
      { 4: fail(1, 'first'), 5: fail(1, 'second') },
      { continueOnError: true },
    )
    expect(exit).toBe(1)
    expect(statuses).toEqual(['done', 'done', 'done', 'done', 'failed', 'failed'])
    expect(error).toMatchObject({
      message: '2 databases failed.',
      details: [
        'it broke',
        '  why',
        '  → first',
        'it broke',
        '  why',
        '  → second',
        'iam_qual       done',
        'calendar_qual  failed: 00001 stays applied',
        'rag_qual       failed: nothing new applied',
      ],
    })
  })

  it('stops everything when what failed belongs to no database', async () => {
    const { statuses } = await run({ 0: fail(1) }, { continueOnError: true })
    expect(statuses).toEqual(['failed', 'skipped', 'skipped', 'skipped', 'skipped', 'skipped'])
  })

  it("keeps the failed step's own next command", async () => {
    const { error } = await run({ 4: fail(1, 'docker login') })
    expect(error?.hint).toMatch(/^docker login/)
  })

  it.each<[string, number, ExitCode, ExitCode]>([
    ['before any change', 0, 6, 6],
    ['after nothing but a pulled image', 1, 6, 6],
    ['after the first change', 2, 6, 1],
  ])('%s (step %i), exit code %i becomes %i', async (...[, index, exitCode, expected]) => {
    const { exit, error } = await run({ [index]: fail(exitCode) })
    expect({ exit, error: error?.exitCode }).toEqual({ exit: expected, error: expected })
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'after %s finishes the running step, starts no other and answers %i',
    async (signal, exitCode) => {
      const { exit, status, statuses, performed, error } = await run({
        3: ({ interrupt }) => interrupt.abort(signal),
      })
      expect({ exit, status }).toEqual({ exit: exitCode, status: 'interrupted' })
      expect(performed).toHaveLength(4)
      expect(statuses).toEqual(['done', 'done', 'done', 'done', 'skipped', 'skipped'])
      expect(error).toMatchObject({
        message: `Interrupted by ${signal}; the running step was finished.`,
        details: [
          'iam_qual       done',
          'calendar_qual  stopped: 00001 stays applied, 1 not started',
          'rag_qual       untouched',
        ],
        hint: 'po-migrate up qual',
      })
    },
  )

  it('says so when the running step was cut off', async () => {
    const { exit, status, statuses, error } = await run({
      3: ({ interrupt, stop }) => {
        interrupt.abort('SIGINT')
        stop.abort('SIGINT')
        throw new AppError('cut off', { exitCode: 1 })
      },
    })
    expect({ exit, status }).toEqual({ exit: 130, status: 'interrupted' })
    expect(statuses).toEqual(['done', 'done', 'done', 'failed', 'skipped', 'skipped'])
    expect(error?.message).toBe('Interrupted by SIGINT; the running step was cut off.')
  })

  it('keeps the words of a swap that failed meanwhile, which no signal cuts off', async () => {
    const swap: Step = {
      kind: 'swap-databases',
      swaps: [{ database: 'iam', beside: 'iam_restore_x', replaced: null }],
    }
    const { exit, error } = await run(
      {
        0: ({ interrupt, stop }) => {
          interrupt.abort('SIGINT')
          stop.abort('SIGINT')
          throw new AppError('lost in the swap', { exitCode: 1, details: ['not known'] })
        },
      },
      { planned: [swap] },
    )
    expect(exit).toBe(130)
    expect(error?.details).toEqual(['lost in the swap', 'not known'])
  })

  it('is done when the interrupt came during the last step: nothing was left out', async () => {
    const { exit, status } = await run({ 5: ({ interrupt }) => interrupt.abort('SIGINT') })
    expect({ exit, status }).toEqual({ exit: 0, status: 'done' })
  })

  it('answers the failure when a step fails by itself while it is being interrupted', async () => {
    const { exit, status } = await run({
      3: ({ interrupt }) => {
        interrupt.abort('SIGINT')
        throw new AppError('it broke', { exitCode: 1 })
      },
    })
    expect({ exit, status }).toEqual({ exit: 1, status: 'failed' })
  })

  it('tells of a bug what was done before it', async () => {
    const bug = new TypeError('undefined is not a function')
    const { exit, error } = await run({
      2: () => {
        throw bug
      },
    })
    expect(exit).toBe(1)
    expect(error).toMatchObject({
      message: 'Unexpected: undefined is not a function',
      touched: true,
      cause: bug,
      details: expect.arrayContaining([expect.stringContaining('untouched')]),
    })
  })

  it.each([
    ['done', /stays applied/],
    ['unknown', /whether .* is applied is not known/],
  ] as const)('never says that a file whose work is %s was not applied', async (work, words) => {
    const { exit, error, outcomes } = await run({
      2: () => {
        throw new AppError('the ledger is gone', { exitCode: 6, work })
      },
    })
    expect(exit).toBe(1)
    expect(error?.touched).toBe(true)
    expect(error?.details.join('\n')).toMatch(words)
    expect(outcomes.find(({ status }) => status === 'failed')?.work).toBe(work)
  })

  it('does nothing for an empty plan', async () => {
    const { exit, status, events } = await run({}, { planned: [] })
    expect({ exit, status, events }).toEqual({ exit: 0, status: 'done', events: [] })
  })

  it.each<[string, Record<number, Act>]>([
    ['done', {}],
    ['failed', { 2: fail(1, 'docker login') }],
    ['interrupted', { 2: ({ interrupt }) => interrupt.abort('SIGTERM') }],
  ])('makes events of the promised shape when it is %s', async (_, at) => {
    const planned: Step[] = [
      { kind: 'create-network', network: 'n' },
      { kind: 'create-volume', volume: 'v' },
      { kind: 'start-stack', stack: { file: '/f.yml', project: 'p' } },
      ...steps,
    ]
    const { events } = await run(at, { planned })
    for (const event of events) expect(eventDocument.parse(JSON.parse(JSON.stringify(event)))).toEqual(event)
  })
})
