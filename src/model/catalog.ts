/** A column of a table; `key`: of its primary key. */
type Column = { name: string; type: string; nullable: boolean; key: boolean }

/** A foreign key, seen from the table that has it. */
type Reference = { name: string; columns: readonly string[]; schema: string; table: string }

/** A table, as an entity diagram shows it. */
export type CatalogTable = {
  schema: string
  name: string
  comment: string | null
  columns: readonly Column[]
  references: readonly Reference[]
}
