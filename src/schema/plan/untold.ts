import type { Untold } from '../../model/untold.ts'
import type { SchemaObject } from './objects.ts'

const invalid = '-- INVALID: Postgres uses it for nothing'

/** A schema's objects with what a dump leaves out: an invalid index, an extension's version, that public was dropped. */
export const addUntold = (objects: readonly SchemaObject[], untold: Untold): SchemaObject[] => {
  const versions = new Map(untold.extensions.map(({ name, version }) => [name, version]))
  const told = objects.map((object) =>
    object.kind === 'EXTENSION'
      ? { ...object, definition: `${object.definition}\n-- version ${versions.get(object.name)}` }
      : object,
  )
  const indexes = untold.invalidIndexes.map(({ schema, name, definition }) => ({
    kind: 'INDEX',
    schema,
    name,
    definition: `${definition};\n${invalid}`,
  }))
  const dropped = untold.hasPublic ? [] : [{ kind: 'SCHEMA', name: 'public', definition: '-- dropped' }]
  return [...told, ...indexes, ...dropped]
}
