import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { markDuplicates } from '../../../src/model/migration.ts'
import type { DatabaseState } from '../../../src/model/types.ts'
import { planUp, requireAllowed, requireShown } from '../../../src/plan/up.ts'
import { migration } from '../../support/tool/project.ts'
import { databaseState, environment } from '../support/fixtures.ts'

const plan = (databases: DatabaseState[], missingImage?: string): string[] =>
  planUp({ environment: environment(), databases, missingImage }).steps.map((step) => {
    if (step.kind === 'pull-image') return `pull ${step.image}`
    if (step.kind === 'create-database') return `create ${step.managed.database}`
    if (step.kind === 'apply-migration') return `${step.managed.database} ${step.migration.file}`
    return step.kind
  })

const refusal = (databases: DatabaseState[]): AppError => {
  try {
    requireAllowed(
      planUp({ environment: environment(), databases, missingImage: undefined }),
      'po-migrate up qual',
    )
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('up plans', () => {
  it('every unapplied file, database by database in the given order', () => {
    const databases = [
      databaseState('rag', { files: ['1_a.sql', '2_b.sql'], applied: ['1'] }),
      databaseState('iam', { files: ['1_a.sql', '2_b.sql'] }),
    ]
    expect(plan(databases)).toEqual(['rag_qual 2_b.sql', 'iam_qual 1_a.sql', 'iam_qual 2_b.sql'])
  })

  it("files in dbmate's order, late ones included", () => {
    const files = ['10_a.sql', '8_b.sql', '9_c.sql']
    expect(plan([databaseState('iam', { files, applied: ['8'] })])).toEqual([
      'iam_qual 10_a.sql',
      'iam_qual 9_c.sql',
    ])
  })

  it('to create a missing database before its first file', () => {
    const databases = [
      databaseState('iam', { files: ['1_a.sql'], applied: ['1'] }),
      databaseState('rag', { exists: false, tracked: false, files: ['1_a.sql'] }),
    ]
    expect(plan(databases)).toEqual(['create rag_qual', 'rag_qual 1_a.sql'])
  })

  it('to pull a missing image first of all', () => {
    expect(plan([databaseState('iam', { files: ['1_a.sql'] })], 'dbmate:2')).toEqual([
      'pull dbmate:2',
      'iam_qual 1_a.sql',
    ])
  })

  it('nothing where nothing is pending, even with the image missing', () => {
    const state = databaseState('iam', { files: ['1_a.sql'], applied: ['1'] })
    expect(plan([state], 'dbmate:2')).toEqual([])
  })

  it('to write down an edit that was accepted, and no other', () => {
    const states = ['1', '2', '3'].map((version) => [version, 'before'] as const)
    const state = databaseState('iam', {
      files: ['1_a.sql', '2_b.sql', '4_d.sql'],
      applied: ['1', '2', '3'],
      checksums: new Map(states),
    })
    const lifted = { outOfOrder: [], missing: [], edited: ['2', '3', '4'], warnings: [] }
    const planned = planUp({
      environment: environment(),
      databases: [state],
      missingImage: undefined,
      lifted,
    })
    expect(planned.steps).toMatchObject([
      { kind: 'accept-edit', migration: { version: '2' } },
      { kind: 'apply-migration', migration: { version: '4' } },
    ])
  })

  it('nothing for a version that has no file here', () => {
    expect(plan([databaseState('iam', { files: ['1_a.sql'], applied: ['1', '2'] })])).toEqual([])
  })

  it('an empty database without a table of versions from its first file', () => {
    expect(plan([databaseState('iam', { tracked: false, files: ['1_a.sql'] })])).toEqual(['iam_qual 1_a.sql'])
  })

  it('for the named environment and command', () => {
    const made = planUp({ environment: environment(), databases: [], missingImage: undefined })
    expect(made).toEqual({ version: 1, command: 'up', environment: 'qual', steps: [], refusals: [] })
  })
})

describe('up refuses files', () => {
  const broken = 'select 1;'

  it('that are not fit to run: all of them in all databases at once, with their lines', () => {
    const error = refusal([
      databaseState('iam', {
        files: ['1_a.sql', '2_b.sql'],
        texts: { '1_a.sql': broken, '2_b.sql': '-- migrate:up\n' },
      }),
      databaseState('rag', {
        files: ['1_a.sql'],
        strays: [{ rule: 'skipped-name', level: 'error', file: '2_b.SQL', message: 'is skipped' }],
      }),
    ])
    expect(error).toMatchObject({
      exitCode: 2,
      message: '3 migration files are not fit to run:',
      details: [
        'iam/1_a.sql:1: has no "-- migrate:up" line',
        'iam/2_b.sql: has no "-- migrate:down" line (dbmate needs one, even empty)',
        'rag/2_b.SQL: is skipped',
      ],
    })
  })

  it('counts files, not faults', () => {
    const texts = { '1_a.sql': 'select 1;\n-- migrate:up\n' }
    const error = refusal([databaseState('iam', { files: ['1_a.sql'], texts })])
    expect(error.message).toBe('A migration file is not fit to run:')
    expect(error.details).toHaveLength(2)
  })

  it('that are applied and faulty not at all: that is past', () => {
    const texts = { '1_a.sql': broken }
    const state = databaseState('iam', { files: ['1_a.sql', '2_b.sql'], texts, applied: ['1'] })
    expect(plan([state])).toEqual(['iam_qual 2_b.sql'])
  })

  it.each([
    ['pending', []],
    ['applied', ['1']],
  ])('of one version, though it is %s: the second would count as run', (_, applied) => {
    const state = databaseState('iam', { files: ['1_a.sql', '1_b.sql'], applied })
    const error = refusal([{ ...state, files: markDuplicates(state.files) }])
    expect(error).toMatchObject({
      exitCode: 2,
      details: ['iam/1_b.sql: has the same version, 1, as 1_a.sql'],
    })
  })

  it('that dbmate would skip, even when nothing is pending', () => {
    const strays = [{ rule: 'skipped-name', level: 'error' as const, file: 'x_2.sql', message: 'is skipped' }]
    expect(refusal([databaseState('iam', { strays, files: ['1_a.sql'], applied: ['1'] })])).toMatchObject({
      exitCode: 2,
      details: ['iam/x_2.sql: is skipped'],
    })
  })
})

it('up refuses more than dbmate’s container takes at once, by number and by database', {
  timeout: 60_000,
}, () => {
  const text = migration(`select '${'x'.repeat(60 * 2 ** 20)}';`)
  const files = ['1_a.sql', '2_b.sql', '3_c.sql']
  const texts = Object.fromEntries(files.map((file) => [file, text]))
  const states = ['iam', 'rag'].map((name) => databaseState(name, { files, texts }))
  expect(refusal(states)).toMatchObject({
    exitCode: 2,
    message: "The files to run have 361 MB together; dbmate's container takes 256 MB.",
    details: ['iam: 181 MB', 'rag: 181 MB'],
  })
  expect(plan(states.slice(0, 1))).toHaveLength(3)
})

describe('up refuses a database', () => {
  it('that has tables and no table of versions, saying where it looked, and plans the others', () => {
    const versions = { schema: 'desk', table: 'schema_migrations' }
    const lost = databaseState('iam', {
      tracked: false,
      tables: 12,
      schemas: ['desk', 'public'],
      files: ['1_a.sql'],
    })
    const planned = planUp({
      environment: environment(),
      databases: [
        { ...lost, managed: { ...lost.managed, versions } },
        databaseState('calendar', { files: ['1_a.sql'] }),
      ],
      missingImage: undefined,
    })
    expect(planned.steps).toMatchObject([{ kind: 'apply-migration', managed: { database: 'calendar_qual' } }])
    expect(planned.obstacles).toEqual([
      {
        message:
          'iam_qual: tables, but no schema_migrations: not made by migrations, or its versions stand elsewhere.',
        details: [
          'It has 12 tables in desk, public.',
          'Looked for desk.schema_migrations, then in every schema for a table schema_migrations with a text "version".',
          'Where its migrations made it all the same: adopt proves which, and records them.',
          'Where no migration made it: renamed, it keeps all that it holds, and up makes a new one.',
        ],
        hint: [
          'write into the config: databases: { iam: { migrations_table: SCHEMA.TABLE } }, or its search_path:',
          'po-migrate adopt qual --db iam',
          'ALTER DATABASE "iam_qual" RENAME TO "iam_qual_before"',
        ].join('\n'),
      },
    ])
    expect(() => requireAllowed(planned, 'po-migrate up qual')).toThrow('tables, but no schema_migrations')
  })

  it.each([
    { title: 'after a backup', cutover: { stacks: [], retain: 2 }, says: 'it backs up first' },
    { title: 'as a reset', cutover: { stacks: [], retain: 2, abortWindow: 5 }, says: 'it backs nothing up' },
  ])('naming a cutover $title where its host has one, and never as the only way', ({ cutover, says }) => {
    const of = { ...environment(), host: { name: 'vps', cutover } }
    const lost = databaseState('iam', { tracked: false, tables: 1, schemas: ['public'] })
    const [found] = planUp({ environment: of, databases: [lost], missingImage: undefined }).obstacles ?? []
    expect(found?.details.at(-1)).toContain(says)
    expect(found?.hint).toMatch(
      /^write into the config: .*\npo-migrate adopt qual --db iam\n.*\npo-migrate cutover vps$/,
    )
  })

  it('in which something is in the way, all of them at once', () => {
    const obstacle = (name: string) => ({
      message: `${name} is in the way.`,
      details: ['why'],
      hint: `mend ${name}`,
    })
    const databases = ['iam', 'rag'].map((name) =>
      databaseState(name, { obstacle: obstacle(name), files: ['1_a.sql'] }),
    )
    expect(plan(databases)).toEqual([])
    expect(refusal(databases)).toMatchObject({
      exitCode: 4,
      details: ['iam is in the way.', '  why', '  → mend iam', 'rag is in the way.', '  why', '  → mend rag'],
    })
  })

  it('after its files: those can be put right here and now', () => {
    const texts = { '1_a.sql': 'select 1;' }
    const state = databaseState('iam', { tracked: false, tables: 1, files: ['1_a.sql'], texts })
    expect(refusal([state]).exitCode).toBe(2)
  })
})

describe('a plan that was shown before the lock was there', () => {
  const planOf = (...files: string[]) =>
    planUp({
      environment: environment(),
      databases: [databaseState('iam', { files })],
      missingImage: undefined,
    })

  it('may have to pull an image that somebody removed', () => {
    const files = ['1_a.sql']
    const pulling = planUp({
      environment: environment(),
      databases: [databaseState('iam', { files })],
      missingImage: 'dbmate:2',
    })
    expect(() => requireShown(planOf(...files), pulling, 'look')).not.toThrow()
  })

  it('may have shrunk meanwhile: another run did part of it', () => {
    expect(() => requireShown(planOf('1_a.sql', '2_b.sql'), planOf('2_b.sql'), 'look')).not.toThrow()
  })

  it('must not have grown: nobody looked at what came in', () => {
    const grown = () => requireShown(planOf('1_a.sql'), planOf('1_a.sql', '2_b.sql'), 'po-migrate plan qual')
    expect(grown).toThrow(expect.objectContaining({ exitCode: 4, hint: 'po-migrate plan qual' }))
    expect(grown).toThrow(expect.objectContaining({ details: ['apply-migration iam_qual 2_b.sql'] }))
  })
})
