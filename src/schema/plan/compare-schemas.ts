import { keyOf, nameObject } from './name-object.ts'
import type { SchemaObject } from './objects.ts'

/** One object that two schemas have differently; null: it is not there. */
export type Difference = {
  /** In the words of SQL: `index sales.orders_by_day`. */
  object: string
  kind: string
  /** What the files make of it. */
  expected: string | null
  /** What is there. */
  found: string | null
}

type Side = ReadonlyMap<string, { object: SchemaObject; definitions: string[] }>

/** Some have no name of their own: their texts together are one object. */
const byKey = (objects: readonly SchemaObject[]): Side => {
  const side = new Map<string, { object: SchemaObject; definitions: string[] }>()
  for (const object of objects) {
    const known = side.get(keyOf(object))
    if (known) known.definitions.push(object.definition)
    else side.set(keyOf(object), { object, definitions: [object.definition] })
  }
  return side
}

const whole = (entry: { definitions: string[] } | undefined): string | null =>
  entry === undefined ? null : entry.definitions.sort().join('\n\n')

/** What differs, object by object: those that are missing or other in the order of the expected ones, then the foreign ones. */
export const compareSchemas = (
  expected: readonly SchemaObject[],
  found: readonly SchemaObject[],
): Difference[] => {
  const [left, right] = [byKey(expected), byKey(found)]
  const keys = new Set([...left.keys(), ...right.keys()])
  return [...keys].flatMap((key): Difference[] => {
    const [one, other] = [left.get(key), right.get(key)]
    const texts = { expected: whole(one), found: whole(other) }
    const object = (one ?? other)?.object
    if (texts.expected === texts.found || !object) return []
    return [{ object: nameObject(object), kind: object.kind.toLowerCase(), ...texts }]
  })
}
