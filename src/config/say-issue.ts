import type * as z from 'zod'
import { nearest } from '../model/nearest.ts'
import type { Path } from './yaml-lines.ts'

/** What JSON Schema says of one key. */
type SchemaNode = {
  type?: string
  enum?: readonly string[]
  minimum?: number
  maximum?: number
  default?: unknown
  examples?: readonly unknown[]
  properties?: Record<string, SchemaNode>
  additionalProperties?: SchemaNode | boolean
  items?: SchemaNode
  anyOf?: readonly SchemaNode[]
}

export type Issue = z.core.$ZodIssue

/** Below it stands nothing that may be shown. */
const hidden = 'password'
const longest = 60
/** What YAML 1.1 read as a boolean, and YAML 1.2 as text. */
const said = /^(?:y|yes|on|true|1|n|no|off|false|0)$/i
const yes = /^(?:y|yes|on|true|1)$/i

const innerOf = (node: SchemaNode, key: PropertyKey): SchemaNode | undefined => {
  const free = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined
  const own = node.properties?.[String(key)] ?? free ?? node.items
  return own ?? node.anyOf?.map((one) => innerOf(one, key)).find(Boolean)
}

const nodeAt = (root: SchemaNode, path: Path): SchemaNode =>
  path.reduce<SchemaNode>((node, key) => innerOf(node, key) ?? {}, root)

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], value)

/** A value as it would stand in the file. */
const write = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`
  if (value && typeof value === 'object')
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${key}: ${write(item)}`)
      .join(', ')} }`
  return String(value)
}

const show = (value: unknown, path: Path): string => {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (path.includes(hidden)) return `a ${typeof value}`
  const text = JSON.stringify(value) ?? ''
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

const keysOf = (node: SchemaNode): string[] =>
  Object.keys(node.properties ?? node.anyOf?.find(({ properties }) => properties)?.properties ?? {})

const kindOf = (node: SchemaNode): string | undefined => {
  const { enum: choices, type, minimum, maximum } = node
  if (choices) return `one of ${choices.join(', ')}`
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`
  if (type === 'boolean') return 'true or false'
  if (type === 'array') return 'a list'
  if (node.additionalProperties instanceof Object) return 'a mapping of names'
  if (keysOf(node).length > 0) return `a mapping of ${keysOf(node).join(', ')}`
  return type === 'string' ? 'text' : undefined
}

/** What could stand there: the schema's own example, else its default, else what was meant by it. */
const remedy = (node: SchemaNode, path: Path, value: unknown): string => {
  const key = path.at(-1)
  const example = node.examples?.[0] ?? node.default ?? node.enum?.[0]
  const isName = typeof key === 'string'
  if (node.type === 'string' && typeof value === 'number' && isName) return `; write ${key}: "${value}"`
  if (node.type === 'boolean' && said.test(String(value)) && isName)
    return `; write ${key}: ${yes.test(String(value))}`
  if (example === undefined || example === '' || !isName) return ''
  return `; write e.g. ${key}: ${write(example)}`
}

const sayUnknown = (keys: readonly string[], node: SchemaNode): string => {
  const known = keysOf(node)
  return keys
    .map((key) => {
      const close = nearest(key, known)
      return `has no key "${key}"; ${close ? `did you mean ${close}?` : `its keys are ${known.join(', ')}`}`
    })
    .join('; ')
}

const sayWrong = (issue: Issue, node: SchemaNode, value: unknown): string => {
  const { path, message } = issue
  if (value === undefined) return `is missing${remedy(node, path, value)}`
  const told = issue.code === 'invalid_format' ? message : kindOf(node)
  const must = told === undefined ? '' : `; it takes ${told}`
  return `is ${value === '' ? 'empty' : show(value, path)}${must}${remedy(node, path, value)}`
}

/** Where an issue stands: an unknown key at that key. */
export const placeOfIssue = (issue: Issue): Path =>
  issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path

/** The config's JSON Schema, as it may be written and as it comes out: only the latter tells the defaults of all keys. */
export type Schemas = { written: object; parsed: object }

/** One sentence on what is wrong in a config, and what to write instead. */
export const sayIssue = (issue: Issue, { written, parsed }: Schemas, config: unknown): string => {
  const { code, path, message } = issue
  const node = { ...nodeAt(parsed, path), ...nodeAt(written, path) }
  if (code === 'custom') return message
  if (code === 'unrecognized_keys') return sayUnknown(issue.keys, node)
  if (code === 'invalid_key')
    return `${show(path.at(-1), [])} is no name here: ${issue.issues[0]?.message ?? message}`
  return sayWrong(issue, node, valueAt(config, path))
}
