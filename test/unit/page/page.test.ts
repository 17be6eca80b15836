import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type ReportDocument, reportDocument } from '../../../src/page/document.ts'
import { renderPage } from '../../../src/page/page.ts'
import {
  database,
  document,
  environment,
  line,
  pointing,
  table,
  textOf,
} from '../../support/page/documents.ts'

const page = (...environments: Parameters<typeof document>): string =>
  renderPage(document(...environments), '0.1.0')

const full = (): ReportDocument =>
  document(
    environment(
      'dev',
      database({
        ledger: [
          line(),
          line({ id: '2', run: 'run-2', outcome: 'failed', error: 'it broke', job: 'https://ci.example/1' }),
        ],
        tables: [table('users', { comment: 'who' }), pointing('orders', 'users')],
      }),
    ),
    { ...environment('prod'), error: { message: 'no answer', details: ['at all'], hint: 'try again' } },
  )

/** Every text of the document changed; what a schema keeps from being anything stays. */
const withTexts = (value: unknown, change: (text: string) => string): unknown => {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((each) => withTexts(each, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const fixed = ['state', 'outcome', 'direction', 'startedAt', 'at'].includes(key)
      return [key, fixed ? each : withTexts(each, change)]
    }),
  )
}

describe('the page', () => {
  it('is the same for the same document, and the document is that of the schema', () => {
    expect(reportDocument.parse(full())).toEqual(full())
    expect(renderPage(full(), '0.1.0')).toBe(renderPage(full(), '0.1.0'))
  })

  it('allows its own style sheet, and nothing else', () => {
    const markup = renderPage(full(), '0.1.0')
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(markup) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    expect(markup).toContain(
      `content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`,
    )
    expect(markup).not.toMatch(/<script|<link|<img|<iframe|\sstyle=|\son\w+=|url\(|@import/i)
  })

  const attacks = [
    '</style></title></svg><script>alert(1)</script>',
    `"><img src=x onerror=alert(1)>`,
    `' onmouseover='alert(1)`,
    '<!-- -->]]>&lt;&amp;',
  ]
  it.each(attacks)('has every text of others as text: %s', (attack) => {
    const changed = withTexts(full(), (text) => text + attack) as ReportDocument
    const markup = renderPage(changed, '0.1.0')
    const tags = (text: string): string[] =>
      [...text.replaceAll('<wbr>', '').matchAll(/<\/?[a-z]+/g)].map(([tag]) => tag)
    const mine = withTexts(full(), (text) => `${text}x`) as ReportDocument
    expect(tags(markup)).toEqual(tags(renderPage(mine, '0.1.0')))
    expect(markup).not.toMatch(/ onmouseover='/)
  })

  it('shows characters that nobody can see, or that turn a name around, by their codes', () => {
    const name = 'gnp.\u202elqs\u0000\u001b[31m'
    expect(page(environment('dev', database({ name })))).toContain('gnp.\\u202elqs\\u0000\\u001b[31m')
  })

  it('makes a link of an address of the web, and of no other', () => {
    const jobs = ['https://ci.example/1', 'javascript:alert(1)', 'data:text/html,x', 'HTTP://ci.example/2']
    const ledger = jobs.map((job, index) => line({ id: `${index}`, run: `${index}`, job }))
    const links = [...page(environment('dev', database({ ledger }))).matchAll(/href="([^#"]+)"/g)]
    expect(links.map(([, href]) => href).sort()).toEqual(['HTTP://ci.example/2', 'https://ci.example/1'])
  })
})

describe('the matrix of the page', () => {
  const states = (ledger: ReturnType<typeof line>[], state: 'applied' | 'pending' | 'edited' = 'applied') => {
    const migrations = [{ version: '00001', file: '00001_first.sql', state }]
    const markup = page(environment('dev', database({ ledger, migrations })))
    return textOf(/<td role="cell">.*?<\/td>/s.exec(markup)?.[0] ?? '')
  }

  it('says when a migration was applied, and how long it took', () => {
    expect(states([line()])).toContain('applied 25 Nov 2026 14:02 · 120 ms')
  })

  it('says no more than it knows where another tool applied it, or it was taken back since', () => {
    const back = line({ id: '2', run: 'run-2', direction: 'down' })
    expect(states([])).toBe(' dev applied ')
    expect(states([line(), back])).toBe(' dev applied ')
  })

  it('has the newest time of a file that was applied twice', () => {
    const again = line({ id: '3', startedAt: '2026-11-26T01:00:00.000Z', duration: null })
    expect(states([line(), line({ id: '2', direction: 'down' }), again])).toContain('26 Nov 2026 01:00 ')
  })

  it('says that the last attempt at a pending one failed', () => {
    const failed = line({ outcome: 'failed' })
    expect(states([failed], 'pending')).toContain('pending failed 25 Nov 2026')
    expect(states([failed, line({ id: '2', direction: 'down' })], 'pending')).toBe(' dev pending ')
  })

  it('tells an environment that was not read from one that has no such file', () => {
    const other = database({ migrations: [{ version: '00002', file: '00002_second.sql', state: 'applied' }] })
    const lost = { ...environment('lost'), error: { message: 'no answer', details: [] } }
    const text = textOf(page(environment('dev', database()), environment('qual', other), lost))
    expect(text).toContain('00001_first.sql dev applied qual not there lost not read')
    expect(text).toContain('could not be read')
    expect(text).toContain('no answer')
  })

  it.each([
    [['applied'], 'up to date'],
    [['applied', 'pending', 'pending'], '2 pending'],
    [
      ['edited', 'pending', 'out-of-order', 'missing-file'],
      '1 edited, 1 pending, 1 out-of-order, 1 missing-file',
    ],
  ] as const)('sums an environment up: %j is %s', (states, words) => {
    const migrations = states.map((state, index) => ({ version: `${index}`, file: `${index}_a.sql`, state }))
    expect(textOf(page(environment('dev', database({ migrations }))))).toContain(` dev ${words} `)
  })

  it('has an environment without a database, and a server that is no container', () => {
    const text = textOf(page({ ...environment('new'), server: 'db.example:5432' }))
    expect(text).toContain('new no managed database yet')
    expect(text).toContain('host vps · db.example:5432 · network net')
  })

  it('has a database that is in no state to be read', () => {
    const error = { message: 'a pooler answers', details: ['and no Postgres'], hint: 'ask another' }
    const refused = database({ migrations: [], exists: true, error })
    const text = textOf(page(environment('dev', database()), environment('qual', refused)))
    expect(text).toContain('1 database in no state to be read')
    expect(text).toContain('a pooler answers and no Postgres')
    expect(text).toContain('qual not read')
  })
})

describe('a database on the page', () => {
  it('tells its runs, the newest first, with who and from what', () => {
    const ledger = [
      line(),
      line({ id: '2', version: '00002', file: '00002_second.sql' }),
      line({ id: '3', run: 'run-3', startedAt: '2026-11-25T15:00:00.000Z', direction: 'down', dirty: true }),
    ]
    const text = textOf(page(environment('dev', database({ ledger }))))
    expect(text).toMatch(
      /15:00 dev 1 file rolled back 00001_first.sql rolled back in 120 ms ada@laptop · commit 01234567\+ .*14:02 dev 2 files applied/,
    )
  })

  it('tells how it went: failed, accepted, or without an end', () => {
    const ledger = [
      line({ outcome: 'failed', error: 'column "x"' }),
      line({ id: '2', run: 'run-2', outcome: 'accepted' }),
      line({ id: '3', run: 'run-3', outcome: 'running', duration: null }),
      line({ id: '4', run: 'run-4', outcome: 'adopted unproven', duration: null }),
    ]
    const text = textOf(page(environment('dev', database({ ledger }))))
    for (const words of [
      'failed in 120 ms column &quot;x&quot;',
      'accepted as edited',
      '00001_first.sql without an end ada',
      '1 file adopted unproven',
    ])
      expect(text).toContain(words)
  })

  it('keeps older runs a click away', () => {
    const ledger = Array.from({ length: 15 }, (_, index) => line({ id: `${index}`, run: `run-${index}` }))
    const markup = page(environment('dev', database({ ledger })))
    expect(markup).toContain('<summary>3 earlier runs</summary>')
    expect(markup.split('<details>')[0]?.match(/class="run"/g)).toHaveLength(12)
  })

  it('draws durations on one scale, slower ones further right', () => {
    const durations = [3, 40, 41, 900, 86_000]
    const ledger = durations.map((duration, index) =>
      line({ id: `${index}`, version: `0000${index}`, duration }),
    )
    const migrations = durations.map((_, index) => ({
      version: `0000${index}`,
      file: `0000${index}_a.sql`,
      state: 'applied' as const,
    }))
    const markup = page(environment('dev', database({ ledger, migrations })))
    const places = [...markup.matchAll(/<svg x="([\d.]+)%"/g)].map(([, place]) => Number(place))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(new Set(places).size).toBe(5)
    expect(Math.min(...places)).toBeGreaterThanOrEqual(5)
    expect(Math.max(...places)).toBeLessThanOrEqual(95)
  })

  it('draws no durations where none is known', () => {
    expect(page(environment('dev', database()))).not.toContain('Durations')
  })
})
