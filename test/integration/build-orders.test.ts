import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { restoreSchema } from '../../src/io/postgres/dump-schema.ts'
import type { DumpTarget } from '../../src/io/postgres/dump-tool.ts'
import { readImageOf } from '../../src/io/postgres/scratch-server.ts'
import { loadDelta, writeSql } from '../../src/schema/bring-back.ts'
import { compareThoroughly, readSchema, type Schema } from '../../src/schema/read-schema.ts'
import { openWorkbench, sourceOf, type Workbench } from '../../src/schema/workbench.ts'
import { dbmateImage } from '../support/engine/images.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { seededRandom } from '../support/random.ts'
import { buildShuffled, type Piece, piecesOf } from '../support/schema/build-orders.ts'
import { openTarget } from '../support/schema/open-target.ts'

const { PO_BUILD_ORDERS: orders = '2', PO_BUILD_SEED: firstSeed = '1' } = process.env
const seeds = Array.from({ length: Number(orders) }, (_, index) => Number(firstSeed) + index)
vi.setConfig({ testTimeout: 60_000 + seeds.length * 60_000 })

const store = join(import.meta.dirname, '../../infrastructure/migrations')
const filesOf = (name: string) =>
  readdirSync(join(store, name))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(store, name, file), 'utf8') }))

let postgres: TestPostgres
let target: AsyncDisposable & DumpTarget
let bench: Workbench
beforeAll(async () => {
  postgres = await startPostgres()
  target = await openTarget(postgres)
  bench = await openWorkbench({
    ...{ docker: target.docker, image: await readImageOf(target.docker, target.container) },
    ...{ run: target.run, environment: 'test', user: 'postgres', migrator: 'postgres', dbmateImage },
    ...{ postgres: target.container, databases: [], preload: '', madeByFiles: new Set<string>() },
  })
})
afterAll(async () => {
  await bench?.[Symbol.asyncDispose]()
  await target?.[Symbol.asyncDispose]()
  await postgres?.[Symbol.asyncDispose]()
})

const within = async <T>(database: string, body: (client: pg.Client) => Promise<T>): Promise<T> => {
  const { address: host, password } = postgres
  const client = new pg.Client({ host, user: 'postgres', password, database })
  await client.connect()
  try {
    return await body(client)
  } finally {
    await client.end()
  }
}

const read = async (database: string): Promise<Schema> => {
  const schema = await readSchema(sourceOf(target), { database })
  await target.server.leave(database)
  return schema
}

/** A new database, looked at, and gone again. */
const look = async <T>(name: string, body: () => Promise<T>): Promise<T> => {
  await postgres.psql('postgres', `create database ${name}`)
  try {
    return await body()
  } finally {
    await postgres.psql('postgres', `drop database ${name} with (force)`)
  }
}

describe.each(readdirSync(store))('the schema of %s', (name) => {
  it(`is the same in ${seeds.length} random orders of its statements, and when it was dumped and restored`, async () => {
    const pieces: Piece[] = await piecesOf(filesOf(name))
    const expected = await look(`${name}_first`, async () => {
      await within(`${name}_first`, async (client) => {
        for (const { sql } of pieces) await client.query(sql)
      })
      return await read(`${name}_first`)
    })
    expect(expected.objects.length).toBeGreaterThan(20)
    const drawn = new Set<string>()
    const delta = await loadDelta()
    for (const seed of seeds) {
      const shuffled = await look(`${name}_${seed}`, async () => {
        const order = await within(`${name}_${seed}`, (client) =>
          buildShuffled(client, pieces, seededRandom(seed)),
        )
        drawn.add(order.join(' '))
        return await read(`${name}_${seed}`)
      })
      expect({ seed, ...(await compareThoroughly(bench, { expected, found: shuffled })) }).toEqual({
        seed,
        differences: [],
      })
      // Somebody else's reading of the catalogs, which knows fewer kinds.
      expect({ seed, sql: await writeSql(bench, { expected, found: shuffled }, delta) }).toEqual({
        seed,
        sql: [],
      })
      const restored = await look(`${name}_${seed}_restored`, async () => {
        await restoreSchema(target, { database: `${name}_${seed}_restored`, text: shuffled.text })
        return await read(`${name}_${seed}_restored`)
      })
      expect({ seed, ...(await compareThoroughly(bench, { expected, found: restored })) }).toEqual({
        seed,
        differences: [],
      })
    }
    expect(drawn.size).toBe(seeds.length)
    expect(drawn).not.toContain([...pieces.keys()].join(' '))
  })
})
