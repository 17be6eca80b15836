import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { reportDocument } from '../../src/page/document.ts'
import { docker } from '../support/engine/docker.ts'
import { looks, openBrowser, openPage } from '../support/page/browser.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { makeProject, migration, type Project } from '../support/tool/project.ts'
import { runIn, type ToolResult } from '../support/tool/tool.ts'

// Each environment gets a scratch server.
vi.setConfig({ testTimeout: 300_000 })

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
    },
    edit: (config) => {
      config.state = 'state'
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
      stdout: 'po-migrate-report.html: 2 environments, 4 databases, 0 pending, 1 drifted\n',
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
    expect(text).toContain('1 of 2 schemas drifted, 1 not compared')
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
