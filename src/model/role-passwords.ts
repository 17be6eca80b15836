import { Secret } from './secret.ts'

const alterRole = /^ALTER ROLE ("(?:[^"]|"")*"|\S+) WITH .* PASSWORD '((?:[^']|'')*)'/gm

/** The verifiers of the roles' passwords in what `pg_dumpall --globals-only` wrote. */
export const parseRolePasswords = (globals: string): Map<string, Secret> =>
  new Map(
    [...globals.matchAll(alterRole)].map(([, name = '', verifier = '']) => [
      name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name,
      new Secret(verifier.replaceAll("''", "'")),
    ]),
  )
