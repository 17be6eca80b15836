import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker } from '../support/engine/docker.ts'
import { dbmateImage } from '../support/engine/images.ts'
import { dbmate } from '../support/postgres/dbmate.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, type Project } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

const store = join(import.meta.dirname, '../../infrastructure/migrations')
const databases = ['iam', 'calendar', 'rag']
const filesOf = (database: string): string[] => readdirSync(join(store, database)).sort()

let postgres: TestPostgres
let project: Project
const scratch = mkdtempSync(join(tmpdir(), 'pmt-store-'))

beforeAll(async () => {
  postgres = await startPostgres()
  project = makeProject({
    network: postgres.network,
    store: {},
    edit: (config) => {
      config.migrations = store
      config.dbmate.image = dbmateImage
    },
  })
})
afterAll(async () => {
  project[Symbol.dispose]()
  rmSync(scratch, { recursive: true, force: true })
  await postgres[Symbol.asyncDispose]()
})

/** The schema as pg_dump writes it, without its comments, its own random words, dbmate's table and the ledger. */
const schema = async (database: string): Promise<string> => {
  const flags = ['--schema-only', '--exclude-table', '*.schema_migrations', '--exclude-schema', 'po_migrate']
  const text = await docker([
    'exec',
    postgres.container,
    'pg_dump',
    '--username',
    'postgres',
    ...flags,
    database,
  ])
  return text.replaceAll(/^(--.*|\\(un)?restrict .*)?(\n|$)/gm, '')
}

/** A directory with the first files of a store, as a checkout of that time had it. */
const firstFiles = (database: string, count: number): string => {
  const directory = join(scratch, `${database}-${count}`)
  mkdirSync(directory, { recursive: true })
  for (const file of filesOf(database).slice(0, count))
    copyFileSync(join(store, database, file), join(directory, file))
  return directory
}

const up = () => runTool(['up', 'dev'], { cwd: project.directory })

describe('the migrations of this repository', () => {
  it('apply to an empty server', async () => {
    expect(await up()).toMatchObject({ exit: 0 })
    for (const database of databases)
      expect(await postgres.psql(database, 'select count(*) from schema_migrations')).toBe(
        String(filesOf(database).length),
      )
  })

  it.each(databases)(
    'of %s roll back one by one to exactly what was before each, and apply again',
    async (database) => {
      const files = filesOf(database)
      const whole = await schema(database)
      const step = (count: number, verb: string, name = database) =>
        dbmate(postgres, { database: name, directory: firstFiles(database, count) }, verb)
      // What each file started from, from a second database that is brought there forwards.
      const forwards = `${database}_forwards`
      await postgres.psql('postgres', `create database ${forwards}`)
      const before = [await schema(forwards)]
      for (let count = 1; count < files.length; count++) {
        expect(await step(count, 'up', forwards)).toMatchObject({ exit: 0 })
        before.push(await schema(forwards))
      }
      for (let count = files.length; count > 0; count--) {
        const { exit, stderr } = await step(count, 'rollback')
        expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
        expect(await schema(database), `after the rollback of ${files[count - 1]}`).toBe(before[count - 1])
      }
      expect(await postgres.psql(database, 'select count(*) from schema_migrations')).toBe('0')
      expect(await runTool(['up', 'dev', '--db', database], { cwd: project.directory })).toMatchObject({
        exit: 0,
      })
      expect(await schema(database)).toBe(whole)
    },
  )

  it('of rag find the nearest chunks of one collection, best first', async () => {
    const vector = (x: number, y: number): string =>
      `(array_prepend(${x}::real, array_prepend(${y}::real, array_fill(0::real, array[1022]))))::vector(1024)`
    const sql = `
      insert into collections (key, name, embedding_model) values ('help', 'Help', 'm'), ('other', 'Other', 'm');
      insert into documents (collection_id, source_uri, title, content_sha256)
        select id, 'https://example.org/' || key, key, sha256(key::bytea) from collections;
      insert into chunks (document_id, collection_id, ordinal, language, content, token_count, embedding)
        select d.id, d.collection_id, v.ordinal, 'en', d.title || ' ' || v.name, 3, v.embedding
        from documents d, (values
          (0, 'near', ${vector(1, 0.1)}), (1, 'exact', ${vector(1, 0)}), (2, 'far', ${vector(0, 1)})
        ) v (ordinal, name, embedding)`
    for (const statement of sql.split(';')) await postgres.psql('rag', statement)
    const found = await postgres.psql(
      'rag',
      `select rank, content, round(similarity::numeric, 3) from match_chunks(${vector(1, 0)}, 'help', 10, 0.5)`,
    )
    expect(found.split('\n')).toEqual(['1|help exact|1.000', '2|help near|0.995'])
    expect(await postgres.psql('rag', `select count(*) from match_chunks(${vector(1, 0)}, 'nothing')`)).toBe(
      '0',
    )
  })
})
