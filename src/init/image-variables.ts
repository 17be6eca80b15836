type Variables = Readonly<Record<string, string | null | undefined>>

/** What an image of Postgres makes of its variables: the official one and those built on it, else bitnami's. */
const names = {
  user: ['POSTGRES_USER', 'POSTGRESQL_USERNAME'],
  database: ['POSTGRES_DB', 'POSTGRESQL_DATABASE'],
  password: ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD'],
  port: ['PGPORT', 'POSTGRESQL_PORT_NUMBER'],
} as const

const trusts = (variables: Variables): boolean =>
  variables.POSTGRES_HOST_AUTH_METHOD === 'trust' || variables.ALLOW_EMPTY_PASSWORD === 'yes'

export type ImageSettings = {
  user: string
  database: string
  port: number
  password?: string | undefined
  /** The container's own path of the file that has it. */
  passwordFile?: string | undefined
  trusts: boolean
}

/** The user, the database and the password that a container of Postgres begins with; `read` answers a file in it (`…_FILE`). */
export const readImageSettings = (
  variables: Variables,
  read: (path: string) => string | undefined,
): ImageSettings => {
  const first = (keys: readonly string[]): string | undefined =>
    keys.map((key) => variables[key]).find(Boolean) ?? undefined
  const fileOf = (what: keyof typeof names): string | undefined =>
    first(names[what].map((key) => `${key}_FILE`))
  const textOf = (what: keyof typeof names): string | undefined => {
    const path = fileOf(what)
    return first(names[what]) ?? (path === undefined ? undefined : read(path))
  }
  const user = textOf('user') || 'postgres'
  const isBitnami = names.user[1] in variables || names.database[1] in variables
  return {
    user,
    database: textOf('database') || (isBitnami ? 'postgres' : user),
    port: Number(first(names.port)) || 5432,
    password: first(names.password),
    passwordFile: fileOf('password'),
    trusts: trusts(variables),
  }
}
