/** Something given to a role inside a database, as the statement that gives it again. */
export type Grant = {
  /** `table public.users`, `column public.users.email`; null for default privileges of the whole database. */
  object: string | null
  sql: string
  /** Whom the statement names. */
  roles: readonly string[]
}
