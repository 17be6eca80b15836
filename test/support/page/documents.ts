import type {
  LedgerLine,
  PageDatabase,
  PageEnvironment,
  PageTable,
  ReportDocument,
} from '../../../src/page/document.ts'

export const line = (change: Partial<LedgerLine> = {}): LedgerLine => ({
  id: '1',
  run: 'run-1',
  version: '00001',
  file: '00001_first.sql',
  sha256: 'abc',
  commit: '0123456789abcdef',
  dirty: false,
  actor: 'ada@laptop',
  job: null,
  tool: '0.1.0',
  dbmate: '2.36.0',
  image: 'sha256:1',
  startedAt: '2026-11-25T14:02:03.000Z',
  duration: 120,
  direction: 'up',
  outcome: 'done',
  error: null,
  ...change,
})

export const table = (name: string, change: Partial<PageTable> = {}): PageTable => ({
  schema: 'public',
  name,
  comment: null,
  columns: [{ name: 'id', type: 'bigint', nullable: false, key: true }],
  references: [],
  ...change,
})

/** A table whose column `NAME_id` points to another one. */
export const pointing = (name: string, ...targets: string[]): PageTable =>
  table(name, {
    columns: ['id', ...targets.map((target) => `${target}_id`)].map((column) => ({
      name: column,
      type: 'bigint',
      nullable: column !== 'id',
      key: column === 'id',
    })),
    references: targets.map((target) => ({
      name: `${name}_${target}_fkey`,
      columns: [`${target}_id`],
      schema: 'public',
      table: target,
    })),
  })

export const database = (change: Partial<PageDatabase> = {}): PageDatabase => ({
  name: 'shop',
  database: 'shop_qual',
  exists: true,
  applied: 1,
  pending: 0,
  migrations: [{ version: '00001', file: '00001_first.sql', state: 'applied' }],
  ledger: [],
  tables: [],
  ...change,
})

export const environment = (name: string, ...databases: PageDatabase[]): PageEnvironment => ({
  environment: name,
  host: 'vps',
  network: 'net',
  databases,
})

export const document = (...environments: PageEnvironment[]): ReportDocument => ({
  version: 1,
  project: 'shop',
  at: '2026-11-26T08:00:00.000Z',
  environments,
})

/** What a reader sees, one blank between words. */
export const textOf = (markup: string): string =>
  markup
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll(/<title>.*?<\/title>|<wbr>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
