import { normalise } from './normalise.ts'

/** One block of a dump: what pg_dump makes of one object, or of one thing about it. */
export type SchemaObject = {
  /** pg_dump's word for it, in capitals: `TABLE`, `FK CONSTRAINT`, `ACL` … */
  kind: string
  /** Absent where it stands in none. */
  schema?: string
  /** As pg_dump has it: of a constraint `TABLE NAME`, of a comment `TABLE NAME` with the kind in front. */
  name: string
  owner?: string
  /** What makes it, in the one order that all equal ones have. */
  definition: string
}

/** `-- Name: …; Type: …; Schema: …; Owner: …`, and the tablespace where it is not the usual one. */
const header =
  /^--\n-- (?:Data for )?Name: (.*); Type: ([^;\n]*); Schema: (.*?); Owner: (.*?)(?:; Tablespace: (.*))?\n--\n/gm
const dashed = (text: string | undefined): string | undefined =>
  text === undefined || text === '-' || text === '' ? undefined : text

/** With it psql keeps commands of a dump out; a new key each time (since 17.6, 16.10, 15.14). */
const restricts = /^\\(?:un)?restrict .*\n?/gm
const ending = /\n--\n-- PostgreSQL database dump complete\n--\n[\s\S]*$/
/** Stands before the block that it is about, which is behind the text of the one before. */
const standing = /^SET default_(tablespace|table_access_method) = (.*);\n+/gm

type Open = Omit<SchemaObject, 'definition'> & { tablespace?: string; from: number }

const methodKinds = new Set(['TABLE', 'MATERIALIZED VIEW'])

const openBlock = (
  [whole, name = '', kind = '', schema, owner, tablespace]: RegExpMatchArray,
  at: number,
): Open => {
  const [inSchema, ownedBy] = [dashed(schema), dashed(owner)]
  return {
    kind,
    name,
    ...(inSchema !== undefined && { schema: inSchema }),
    ...(ownedBy !== undefined && { owner: ownedBy }),
    ...(tablespace !== undefined && { tablespace }),
    from: at + whole.length,
  }
}

/** What a plain dump without data holds, block by block; its settings and comments left out. */
export const parseDump = (dump: string): SchemaObject[] => {
  const text = dump.replace(restricts, '').replace(ending, '\n')
  const found = [...text.matchAll(header)]
  let method = methodIn(text.slice(0, found[0]?.index ?? 0))
  return found.map((match, index) => {
    const { from, tablespace, ...object } = openBlock(match, match.index)
    const body = text.slice(from, found[index + 1]?.index ?? text.length)
    const definition = normalise(object.kind, body.replace(standing, '').trim())
    const about = [
      ...(tablespace === undefined ? [] : [`-- tablespace ${tablespace}`]),
      ...(methodKinds.has(object.kind) && method !== undefined && method !== 'heap'
        ? [`-- access method ${method}`]
        : []),
    ]
    method = methodIn(body) ?? method
    return { ...object, definition: [...about, definition].join('\n') }
  })
}

const methodIn = (text: string): string | undefined =>
  [...text.matchAll(standing)].findLast(([, setting]) => setting === 'table_access_method')?.[2]
