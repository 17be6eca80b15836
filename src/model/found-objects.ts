/** As a file writes it; without a schema it is looked for along the search_path. */
export type RelationName = { schema: string | null; name: string }

/** A relation that a file names, as the server has it. */
export type FoundRelation = RelationName & {
  /** Of a table or a materialized view, all its partitions and children included: size 0. Of an index: its table's. */
  empty: boolean
  /** Of an index. */
  table: { schema: string; name: string } | null
  /** Types as Postgres writes them. */
  columns: Readonly<Record<string, string>>
}

/** What a database has of what files name. */
export type FoundObjects = {
  relations: readonly FoundRelation[]
  schemas: readonly string[]
  extensions?: readonly string[]
}
