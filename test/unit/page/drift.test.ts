import { describe, expect, it } from 'vitest'
import type { PageDrift } from '../../../src/page/document.ts'
import { driftVerdict, renderDrift } from '../../../src/page/drift.ts'
import { database, environment } from '../../support/page/documents.ts'

const index = { object: 'index public.i', kind: 'index', state: 'missing' as const, found: null }
const drift = (count: number, more: Partial<PageDrift> = {}): PageDrift => ({
  applied: 2,
  differences: Array.from({ length: count }, () => ({ ...index, expected: 'CREATE INDEX i\n\nON <t>' })),
  ...more,
})
const render = (...drifts: (PageDrift | undefined)[]): string => {
  const databases = drifts.map((one) => database(one && { drift: one }))
  return (
    renderDrift(
      databases.map((one) => environment('qual', one)),
      databases,
    )?.markup ?? ''
  )
}
const error = { message: 'shop: cannot be compared.', details: ['Why it is so.'] }

describe('drift on the page', () => {
  it('is nothing where nobody asked for it', () => {
    expect(render(undefined)).toBe('')
    expect(driftVerdict(environment('qual', database()))).toBeUndefined()
  })

  it('shows the lines that differ, escaped, and no empty ones', () => {
    const markup = render(drift(1))
    expect(markup).toContain('<del>- CREATE INDEX i</del><del>- ON &lt;t&gt;</del>')
    expect(markup).toContain('<details open>')
    expect(markup).not.toContain('<del>- </del>')
  })

  it('folds many differences, and has no key where there are none', () => {
    expect(render(drift(40))).toContain('<details><summary>40 differences in qual')
    expect(render(drift(0))).not.toContain('what the files make, +')
  })

  it('tells why a schema could not be compared, or read back', () => {
    const markup = render(drift(0, { error }), drift(1, { unread: 'no such extension' }))
    expect(markup).toContain('Why it is so.')
    expect(markup).toContain('no such extension')
  })

  it('is summed up for each environment', () => {
    const verdict = (...drifts: PageDrift[]): string | undefined =>
      driftVerdict(environment('qual', ...drifts.map((one) => database({ drift: one }))))?.markup
    expect(verdict(drift(0), drift(0))).toContain('no drift')
    expect(verdict(drift(0), drift(2))).toContain('1 of 2 schemas drifted</p>')
    expect(verdict(drift(0, { error }), drift(2))).toContain('1 of 2 schemas drifted, 1 not compared')
    expect(verdict(drift(0, { error }))).toContain('verdict soft')
  })
})
