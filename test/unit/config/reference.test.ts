import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import * as z from 'zod'
import { configSchema } from '../../../src/config/schema.ts'

type Node = {
  description?: string
  default?: unknown
  properties?: Record<string, Node>
  required?: readonly string[]
  items?: Node
  anyOf?: readonly Node[]
  additionalProperties?: Node | boolean
}

// Two views of one schema: the keys as they may be written, and the defaults as they come out.
const written: Node = z.toJSONSchema(configSchema, { io: 'input' }) as Node
const parsed: Node = z.toJSONSchema(configSchema, { io: 'output', unrepresentable: 'any' }) as Node

/** What stands under a key whose names are free, or in a list. */
const innerOf = ({ additionalProperties: free, items }: Node): [string, Node] | undefined => {
  if (typeof free === 'object') return ['.NAME', free.anyOf?.[0] ?? free]
  return items && ['[]', items]
}

const sayDefault = (node: Node, isNeeded: boolean): string => {
  if (isNeeded) return 'needed'
  const values = [node.default].flat().filter((value) => value !== '' && typeof value !== 'object')
  return values.flatMap((value) => (value === undefined ? [] : `\`${value}\``)).join(', ')
}

const rowsOf = (path: string, node: Node, usual: Node | undefined): string[] =>
  Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const at = path === '' ? key : `${path}.${key}`
    const known = usual?.properties?.[key]
    const [suffix, inner] = innerOf(child) ?? []
    const means = child.description ?? inner?.description
    const isNeeded = node.required?.includes(key) ?? false
    return [
      ...(means === undefined && child.properties
        ? []
        : [`| \`${at}\` | ${means} | ${sayDefault(known ?? child, isNeeded)} |`]),
      ...rowsOf(at, child, known),
      ...(inner ? rowsOf(`${at}${suffix}`, inner, known && innerOf(known)?.[1]) : []),
    ]
  })

it('docs/reference.md lists every key of the config; `npx vitest run --project unit -u` writes it', async () => {
  const file = join(import.meta.dirname, '../../../docs/reference.md')
  const head = '| key | means | default |\n|---|---|---|\n'
  const [before = '', after = ''] = readFileSync(file, 'utf8').split(head)
  const rows = rowsOf('', written, parsed)
  expect(rows.filter((row) => row.includes('undefined'))).toEqual([])
  const rest = after.slice(after.search(/^[^|]/m))
  await expect(`${before}${head}${rows.join('\n')}\n${rest}`).toMatchFileSnapshot(file)
})
