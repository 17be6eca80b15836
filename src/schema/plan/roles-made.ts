import type { Migration } from '../../model/types.ts'

const creation =
  /\bcreate\s+(?:role|user|group)\s+(?:if\s+not\s+exists\s+)?(?:"((?:[^"]|"")+)"|([a-z_][\w$]*))/gi

/** Roles that files create, by name: on a server where a database is made from them they must not be there before. */
export const rolesMadeBy = (files: readonly Migration[]): Set<string> =>
  new Set(
    files
      .flatMap(({ up }) => [...up.matchAll(creation)])
      .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain?.toLowerCase() ?? ''),
  )
