/** What a dump without data does not tell of a schema. */
export type Untold = {
  /** Whether there is a schema public: of one that was dropped a dump says nothing. */
  hasPublic: boolean
  /** pg_dump leaves them out, as if they were not there. */
  invalidIndexes: readonly { schema: string; name: string; definition: string }[]
  extensions: readonly { name: string; version: string }[]
}
