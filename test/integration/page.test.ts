import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportDocument } from '../../src/page/document.ts'
import { renderPage } from '../../src/page/page.ts'
import { looks, openBrowser, openPage } from '../support/page/browser.ts'
import { type Demo, makeDemo } from '../support/page/demo.ts'
import { database, document, environment, line, pointing } from '../support/page/documents.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'

let postgres: TestPostgres
let demo: Demo
let browser: Browser
let file: string
let written: Awaited<ReturnType<Demo['tool']>>
beforeAll(async () => {
  ;[browser, postgres] = await Promise.all([openBrowser(), startPostgres()])
  demo = await makeDemo(postgres)
  file = join(demo.directory, 'po-migrate-report.html')
  written = await demo.tool('report')
})
afterAll(async () => {
  await browser?.close()
  demo?.[Symbol.dispose]()
  await postgres?.[Symbol.asyncDispose]()
})

describe('report', () => {
  it('writes the page, says so, and answers 6 where an environment is out of reach', () => {
    expect(written).toMatchObject({
      exit: 6,
      stdout: 'po-migrate-report.html: 3 environments, 9 databases, 4 pending\n',
      stderr: expect.stringContaining('✖ edge: '),
    })
    expect(readdirSync(demo.directory).sort()).toEqual(['infrastructure', 'po-migrate-report.html'])
  })

  it('prints the same page on stdout with --out -, and nothing else', async () => {
    const { exit, stdout } = await demo.tool('report dev --out -', { env: { LANG: 'C' } })
    expect(exit).toBe(0)
    expect(stdout).toMatch(/^<!doctype html>/)
    expect(stdout).toMatch(/<\/html>\n$/)
    expect(stdout).toContain('·')
    expect(readdirSync(demo.directory)).toHaveLength(2)
  })

  it('prints the document that the page is made of with --json', async () => {
    const { exit, stdout } = await demo.tool('report qual --json')
    const parsed = reportDocument.parse(JSON.parse(stdout))
    expect(exit).toBe(0)
    expect(parsed.project).toBe('po-platform')
    const [calendar] = parsed.environments[0]?.databases ?? []
    expect(calendar).toMatchObject({ name: 'calendar', applied: 5, pending: 1 })
    expect(calendar?.ledger.map(({ version }) => version)).toEqual([
      '00001',
      '00008',
      '00009',
      '00010',
      '00011',
    ])
    const names = calendar?.tables.map(({ name }) => name) ?? []
    expect(names).toContain('service_calendars')
    expect(names).not.toContain('schema_migrations')
    expect(names).not.toContain('ledger')
    expect(calendar?.tables.find(({ name }) => name === 'calendar_periods')).toMatchObject({
      comment: 'A season of a calendar; active ones never overlap',
      columns: expect.arrayContaining([
        { name: 'id', type: 'uuid', nullable: false, key: true },
        { name: 'template_id', type: 'uuid', nullable: true, key: false },
      ]),
      references: [
        { columns: ['calendar_id', 'organisation_id'], schema: 'public', table: 'service_calendars' },
        { columns: ['template_id', 'organisation_id'], schema: 'public', table: 'calendar_templates' },
      ],
    })
  })

  it.each([
    ['report dev --json --out -', 'want stdout'],
    ['report dev --out infrastructure', 'Cannot write'],
    ['report nowhere', 'nowhere'],
  ])('is refused before anything changes: %s', async (args, words) => {
    const { exit, stderr } = await demo.tool(args)
    expect(exit).toBe(2)
    expect(stderr).toContain(words)
    expect(readdirSync(demo.directory).sort()).toEqual(['infrastructure', 'po-migrate-report.html'])
  })
})

describe('the page in a browser', () => {
  it.each(looks)('has nothing that axe finds fault with ($width, $scheme)', async (look) => {
    await using opened = await openPage(browser, file, look)
    await opened.page.evaluate(axe.source)
    const { violations, incomplete } = (await opened.page.evaluate(
      'axe.run({ resultTypes: ["violations", "incomplete"] })',
    )) as axe.AxeResults
    expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual([])
    // It cannot see what is behind text in SVG; test/unit/page/style.test.ts reckons those colours.
    const undecided = incomplete.filter(({ id }) => id === 'color-contrast').flatMap(({ nodes }) => nodes)
    expect(undecided.filter(({ html }) => !html.startsWith('<text'))).toEqual([])
  })

  it.each(looks)('asks for nothing, complains of nothing, and fits ($width, $scheme)', async (look) => {
    await using opened = await openPage(browser, file, look)
    expect(opened.said).toEqual([`file://${file}`])
    const beyond = await opened.page.evaluate('document.documentElement.scrollWidth - innerWidth')
    expect(beyond).toBe(0)
  })

  it('is found through by the browser, down to the columns of a diagram', async () => {
    await using opened = await openPage(browser, file, { width: 1280, scheme: 'light' })
    for (const words of ['elsewhere', '00010_connection_template_binding.sql', 'credentials_encrypted'])
      expect(await opened.page.evaluate(`window.find(${JSON.stringify(words)})`), words).toBe(true)
    expect(await opened.page.evaluate('getSelection().toString()')).toBe('credentials_encrypted')
  })

  it('is walked through with the keyboard: whatever scrolls can be reached', async () => {
    await using opened = await openPage(browser, file, { width: 390, scheme: 'dark' })
    const reached: unknown[] = []
    for (let press = 0; press < 20; press++) {
      await opened.page.keyboard.press('Tab')
      reached.push(await opened.page.evaluate('document.activeElement.getAttribute("aria-label")'))
    }
    expect(reached).toContain('Tables of calendar in dev')
  })

  it('is printed in ink on white, dark screen or not', async () => {
    await using opened = await openPage(browser, file, { width: 1280, scheme: 'dark' })
    await opened.page.emulateMedia({ media: 'print' })
    const colours = await opened.page.evaluate(
      'const { color, backgroundColor } = getComputedStyle(document.body); [color, backgroundColor]',
    )
    expect(colours).toEqual(['rgb(29, 27, 24)', 'rgb(255, 255, 255)'])
    expect((await opened.page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-')
  })

  it('runs nothing that a name brings along', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'po-migrate-page-'))
    const evil = '"><img src=x onerror=alert(1)></title></style><script>alert(2)</script>'
    const ledger = [
      line({ actor: evil, error: evil, outcome: 'failed', job: `javascript:alert(3)//${evil}` }),
    ]
    const tables = [pointing(evil, evil)]
    const markup = renderPage(document(environment(evil, database({ name: evil, ledger, tables }))), evil)
    const path = join(directory, 'evil.html')
    writeFileSync(path, markup)
    await using opened = await openPage(browser, path, { width: 1280, scheme: 'light' })
    expect(opened.said).toEqual([`file://${path}`])
    expect(await opened.page.evaluate('document.querySelectorAll("script, img").length')).toBe(0)
    expect(await opened.page.evaluate('document.querySelector("h3").textContent')).toContain(evil)
    rmSync(directory, { recursive: true })
  })

  it('gives every cell room of its own, however many environments there are', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'po-migrate-page-'))
    const path = join(directory, 'many.html')
    const file = `00001_${'long_'.repeat(9)}name.sql`
    const one = database({ migrations: [{ version: '00001', file, state: 'applied' }], ledger: [line()] })
    const many = Array.from({ length: 14 }, (_, index) => environment(`environment-${index}`, one))
    writeFileSync(path, renderPage(document(...many), '0.1.0'))
    for (const look of looks) {
      await using opened = await openPage(browser, path, look)
      const crowded = await opened.page.evaluate(
        "[...document.querySelectorAll('.matrix td')].filter((cell) => cell.scrollWidth > cell.clientWidth).length",
      )
      expect(crowded).toBe(0)
      expect(await opened.page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
    }
    rmSync(directory, { recursive: true })
  })

  it('stands alone in less than 300 kB', () => {
    expect(readFileSync(file).length).toBeLessThan(300_000)
  })
})
