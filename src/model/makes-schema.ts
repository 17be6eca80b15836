import type { Migration } from './types.ts'

const created = /\bcreate\s+schema\s+(?!if\s+not\s+exists\b)(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*))/giu

/** `CREATE SCHEMA AUTHORIZATION name` makes one called so. */
const authorized = /\bcreate\s+schema\s+authorization\s+(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*))/giu

/** Whether one of these files makes a schema of this name, and would fail where it is there. */
export const makesSchema = (files: readonly Pick<Migration, 'up'>[], schema: string): boolean =>
  files.some(({ up }) =>
    [created, authorized].some((pattern) =>
      [...up.matchAll(pattern)].some(
        ([, quoted, plain]) => (quoted?.replaceAll('""', '"') ?? plain?.toLowerCase()) === schema,
      ),
    ),
  )
