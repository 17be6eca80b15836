import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const src = join(import.meta.dirname, '../../../src')
const literal = /['"`].*nothing (?:was|is) touched/i

it('says in one place that nothing was touched: everywhere else it is a field of the error', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const saying = files.filter((name) => literal.test(readFileSync(join(src, name), 'utf8')))
  expect(saying).toEqual(['report/render.ts'])
})
