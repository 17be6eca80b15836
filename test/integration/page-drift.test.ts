import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { reportDocument } from '../../src/page/document.ts'
import { renderPage } from '../../src/page/page.ts'
import { docker } from '../support/engine/docker.ts'
import { looks, openBrowser, openPage } from '../support/page/browser.ts'
import { database, document, environment, line } from '../support/page/documents.ts'
import { beyondPaper, openOnPaper, sheetsOf } from '../support/page/paper.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

// Each environment gets a scratch server.
vi.setConfig({ testTimeout: 300_000 })

/** A line longer than any paper, and more objects than are open at first. */
const wide = `create view wide as select '${'x'.repeat(400)}' as ${'long_name_'.repeat(6)}, ${Array.from({ length: 40 }, (_, index) => `${index} as column_${index}`)};`
const many = Array.from(
  { length: 20 },
  (_, index) => `create table ${'by_hand_'.repeat(7)}${index} ();`,
).join('\n')

let postgres: TestPostgres
let browser: Browser
let files: Project
let file: string
let written: ToolResult
beforeAll(async () => {
  ;[browser, postgres] = await Promise.all([openBrowser(), startPostgres()])
  files = makeProject({
    network: postgres.network,
    store: {
      shop: {
        '00001_orders.sql': migration(
          `create table orders (id bigint primary key, placed timestamptz not null, total numeric(10, 2));
create index orders_by_day on orders (placed);
create view big_orders as select id, total from orders where total > 100;`,
        ),
        '00002_notes.sql': migration('create table notes (id bigint primary key, body text);'),
      },
      iam: { '00001_users.sql': migration('create table users (id bigint primary key, name text);') },
      tenant: { '00001_notes.sql': migration('create table notes (id bigint primary key);') },
    },
    state: 'state',
    edit: (config) => {
      const tenants = { directory: 'migrations/tenant', create: true, from: { list: ['north', 'south'] } }
      config.databases = { iam: null, shop: null, tenants }
      const { dev } = config.environments
      config.environments.qual = { ...dev, suffix: '_qual' }
    },
  })
  for (const name of ['dev', 'qual'])
    expect(await runIn(files, `up ${name}`)).toMatchObject({ exit: 0, stderr: expect.anything() })
  await postgres.psql(
    'shop_qual',
    'drop index orders_by_day; drop view big_orders; alter table orders alter total type numeric(12, 2)',
  )
  await postgres.psql('shop_qual', "create table by_hand (odd text default '<b>&\"')")
  await postgres.psql('south_qual', `${wide}\n${many}`)
  await postgres.psql('iam_qual', "insert into schema_migrations values ('00009')")
  file = join(files.directory, 'po-migrate-report.html')
  written = await runIn(files, 'report --drift')
}, 300_000)
afterAll(async () => {
  await browser?.close()
  files?.[Symbol.dispose]()
  await postgres?.[Symbol.asyncDispose]()
})

describe('report --drift', () => {
  it('says how many schemas drifted, and leaves no scratch server', async () => {
    expect(written).toMatchObject({
      exit: 0,
      stdout: 'po-migrate-report.html: 2 environments, 8 databases, 0 pending, 2 drifted\n',
    })
    const label = `label=po-migrate.server=${postgres.container}`
    expect(await docker(['ps', '--all', '--quiet', '--filter', label])).toBe('')
  })

  it('has it in the document, and without the flag nothing of it', async () => {
    const drifts = async (args: string) => {
      const { stdout } = await runIn(files, args)
      const { environments } = reportDocument.parse(JSON.parse(stdout))
      return environments[0]?.databases.map(({ name, drift }) => [
        name,
        drift && (drift.error?.message ?? drift.differences.map(({ object, state }) => `${object} ${state}`)),
      ])
    }
    expect(await drifts('report qual --json')).toEqual([
      ['iam', undefined],
      ['shop', undefined],
      ['tenants/north', undefined],
      ['tenants/south', undefined],
    ])
    expect(await drifts('report qual --drift --json')).toEqual([
      ['iam', expect.stringContaining('00009 is applied, and this checkout has no file')],
      [
        'shop',
        [
          'table public.orders changed',
          'view public.big_orders missing',
          'index public.orders_by_day missing',
          'table public.by_hand unexpected',
        ],
      ],
      ['tenants/north', []],
      ['tenants/south', expect.arrayContaining(['view public.wide unexpected'])],
    ])
  })

  it('shows both definitions of what differs, whose it is, and what is well', async () => {
    const page = readFileSync(file, 'utf8')
    expect(page).toContain('<del>-     total numeric(10,2)')
    expect(page).toContain('<ins>+     total numeric(12,2)')
    expect(page).toContain('&lt;b&gt;&amp;')
    await using opened = await openPage(browser, file, { width: 1280, scheme: 'light' })
    const text = String(await opened.page.evaluate('document.body.innerText'))
    expect(text).toContain('no drift')
    expect(text).toContain('2 of 4 schemas drifted, 1 not compared')
    expect(text).toContain('as its 2 applied files make it')
    expect(text).toContain('4 differences from what its 2 applied files make')
    expect(await opened.page.evaluate("window.find('orders_by_day')")).toBe(true)
  })

  it.each(looks)('has nothing that axe finds fault with, and fits ($width, $scheme)', async (look) => {
    await using opened = await openPage(browser, file, look)
    await opened.page.evaluate(axe.source)
    const { violations } = (await opened.page.evaluate('axe.run()')) as axe.AxeResults
    expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual([])
    expect(opened.said).toEqual([`file://${file}`])
    expect(await opened.page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
  })
})

describe('report --drift on paper', () => {
  it('has every definition, of folded lists too, within the margins', async () => {
    await using opened = await openOnPaper(browser, file)
    const { page } = opened
    expect(await beyondPaper(page)).toEqual([])
    const unseen = `[...document.querySelectorAll('.drift p, .drift pre')].filter((element) =>
      !element.checkVisibility() || element.getBoundingClientRect().height < 5).length`
    expect(await page.evaluate(unseen)).toBe(0)
    expect(await page.evaluate("document.querySelectorAll('.drift pre').length")).toBe(4 + 21)
  })

  it('is ink on white, whatever the screen is', async () => {
    await using opened = await openOnPaper(browser, file)
    const coloursOf = (selector: string, property: string): Promise<unknown> =>
      opened.page.evaluate(
        `[...new Set([...document.querySelectorAll('${selector}')].map((element) => getComputedStyle(element).${property}))]`,
      )
    expect(await coloursOf('body, .drift pre', 'backgroundColor')).toEqual(['rgb(255, 255, 255)'])
    expect(await coloursOf('.drift del', 'color')).toEqual(['rgb(163, 39, 28)'])
    expect(await coloursOf('.drift ins', 'color')).toEqual(['rgb(28, 106, 68)'])
  })

  it('says whose the tables are in each diagram, and leaves no heading at the foot of a sheet', async () => {
    const sheets = await sheetsOf(browser, file)
    const text = sheets.flat().join('\n')
    expect(text).toContain('qual 3 tables, 0 foreign keys')
    expect(text).toMatch(/qual \(\d databases?\) 21 tables, 0 foreign keys/)
    expect(text).not.toContain('21 differences in qual')
    expect(sheets.length).toBeGreaterThan(4)
    const heading =
      /is (missing|made by no file|another one)$|^ *file$|^ *(iam|shop|tenants|Versions|Drift|Runs|Tables)$|differences from/
    expect(sheets.map((lines) => lines.at(-1)).filter((last) => heading.test(last ?? ''))).toEqual([])
  })

  it('begins a definition that is longer than a sheet where there is room', async () => {
    const sheets = await sheetsOf(browser, file)
    const on = (words: string): number => sheets.findIndex((lines) => lines.join('\n').includes(words))
    expect(on('view public.wide is made by no file')).toBe(on('CREATE VIEW public.wide AS'))
  })

  it('cuts no environment off, however many there are', async () => {
    const path = join(files.directory, 'many.html')
    const name = `00001_${'long_'.repeat(9)}name.sql`
    const one = database({
      migrations: [{ version: '00001', file: name, state: 'applied' }],
      ledger: [line()],
    })
    for (const count of [1, 3, 4, 6, 14]) {
      const many = Array.from({ length: count }, (_, index) => environment(`environment-${index}`, one))
      writeFileSync(path, renderPage(document(...many), '0.1.0'))
      await using opened = await openOnPaper(browser, path)
      expect(await beyondPaper(opened.page), `${count} environments`).toEqual([])
    }
  })
})

describe('a definition on a screen', () => {
  it.each(looks)('sets off where a line goes on from where one begins ($width, $scheme)', async (look) => {
    await using opened = await openPage(browser, file, look)
    const hangs = `[...document.querySelectorAll('.drift ins, .drift del')].every((line) => {
      const { paddingLeft, textIndent, display } = getComputedStyle(line)
      return display === 'block' && parseFloat(paddingLeft) > 10 && parseFloat(textIndent) === -parseFloat(paddingLeft)
    })`
    expect(await opened.page.evaluate(hangs)).toBe(true)
    const rows = "document.querySelector('.drift pre').innerText.trimEnd().split('\\n').length"
    expect(await opened.page.evaluate(rows)).toBe(2)
  })
})
