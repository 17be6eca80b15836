import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Context } from '../../../src/model/context.ts'
import { parseMigration } from '../../../src/model/migration.ts'
import type {
  DatabaseState,
  Environment,
  Fleet,
  ManagedDatabase,
  Migration,
} from '../../../src/model/types.ts'
import { makePaint, type Paint } from '../../../src/report/paint.ts'
import { migration } from '../../support/tool/project.ts'

export const managedDatabase = (name: string, suffix = ''): ManagedDatabase => ({
  name,
  database: name + suffix,
  directory: `/store/${name}`,
  migrationsTable: 'schema_migrations',
})

/** One of the fleet `tenants`. */
export const memberDatabase = (key: string, suffix = '', create = false): ManagedDatabase => ({
  ...managedDatabase(`tenants/${key}`),
  database: key + suffix,
  directory: '/store/tenant',
  member: { fleet: 'tenants', key, create },
})

export const fleet = (change: Partial<Fleet> = {}): Fleet => ({
  name: 'tenants',
  common: { directory: '/store/tenant', migrationsTable: 'schema_migrations' },
  from: { query: 'select slug from tenants', database: 'iam', managed: 'iam' },
  suffix: '',
  create: false,
  rollout: { canary: 1, wave: 50, maxFailures: 1 },
  taken: ['iam', 'postgres'],
  otherSuffixes: [],
  after: 0,
  ...change,
})

export const environment = (databases: readonly ManagedDatabase[] = []): Environment => ({
  name: 'qual',
  host: { name: 'vps', shared: true },
  engine: 'docker',
  network: 'po-shared-network',
  confirm: false,
  policy: { outOfOrder: 'refuse', missing: 'refuse', edited: 'refuse', warnings: 'refuse' },
  rehearse: 'off',
  service: 'postgres',
  port: 5432,
  user: 'postgres',
  maintenance: 'postgres',
  wait: 60,
  lockTimeout: 5,
  databases,
})

export const parsed = (file: string, text = migration('select 1;')): Migration => {
  const { migration: result, problems } = parseMigration(file, text)
  if (!result) throw new Error(`${file} is not a migration: ${JSON.stringify(problems)}`)
  return result
}

/** A database whose files are all sound; `texts` gives some of them another text. */
export const databaseState = (
  name: string,
  change: Partial<Omit<DatabaseState, 'files'>> & { files?: string[]; texts?: Record<string, string> } = {},
): DatabaseState => {
  const { files = [], texts = {}, ...rest } = change
  return {
    managed: managedDatabase(name, '_qual'),
    strays: [],
    exists: true,
    tracked: true,
    tables: 0,
    schemas: [],
    applied: [],
    checksums: new Map(),
    attempted: new Set(),
    open: false,
    ...rest,
    files: files.map((file) => ({
      ...parseMigration(file, texts[file] ?? migration('select 1;')),
      checksum: 'as it is',
    })),
  }
}

/** A stream that keeps what is written to it. */
export const sink = (shape: { isTTY?: boolean; columns?: number } = {}) => {
  const chunks: string[] = []
  const write = (chunk: string): void => {
    chunks.push(chunk)
  }
  return { ...shape, write, text: () => chunks.join('') }
}

export const plainPaint: Paint = makePaint(sink(), { noColor: true, env: { LANG: 'C.UTF-8' } })

/** A terminal at both ends: what is typed goes into `stdin`, what is shown is in `shown()`. */
export const fakeTerminal = () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 })
  let shown = ''
  stderr.on('data', (chunk: Buffer) => {
    shown += chunk
  })
  const interrupt = new AbortController()
  const context: Context = {
    cwd: '/',
    env: {},
    hostname: 'test-machine',
    user: 'tester',
    pid: 4711,
    nodeVersion: process.version,
    stdin,
    stdout: sink(),
    stderr,
    interrupt: interrupt.signal,
    stop: new AbortController().signal,
  }
  return { stdin, stderr, context, interrupt, shown: () => shown }
}

export type TemporaryDirectory = Disposable & { path: string; write: (name: string, text: string) => string }

export const temporaryDirectory = (): TemporaryDirectory => {
  const path = mkdtempSync(join(tmpdir(), 'po-migrate-unit-'))
  return {
    path,
    write: (name, text) => {
      mkdirSync(dirname(join(path, name)), { recursive: true })
      writeFileSync(join(path, name), text)
      return join(path, name)
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** As Docker frames what a command writes. */
export const dockerFrame = (stream: number, text: string): Buffer => {
  const header = Buffer.alloc(8)
  header[0] = stream
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}
