import { AppError, exitCodes } from '../../errors.ts'
import { recordAdoption } from '../../io/postgres/ledger-adoption.ts'
import type { Server } from '../../io/postgres/postgres.ts'
import { readVersions } from '../../io/postgres/read-database.ts'
import type { Kind } from '../../model/kind.ts'
import type { Provenance } from '../../model/ledger.ts'
import type { ManagedDatabase, Migration, VersionsTable } from '../../model/types.ts'

/** Records as applied, in one transaction, what a database provably has. */
export type AdoptDatabase = {
  kind: 'adopt-database'
  managed: ManagedDatabase & { versions: VersionsTable }
  migrations: readonly Migration[]
}

export type AdoptTools = {
  server: Server
  run: string
  provenance: () => Promise<Provenance>
  /** @throws AppError (exit 4) when the schema is no longer the one that was proven. */
  requireUnchanged: (managed: AdoptDatabase['managed']) => Promise<void>
}

const counted = ({ migrations }: AdoptDatabase): string =>
  migrations.length === 1
    ? `record ${migrations[0]?.version} as applied`
    : `record ${migrations[0]?.version} … ${migrations.at(-1)?.version} as applied, ${migrations.length} files`

export const adoptDatabase: Kind<AdoptDatabase, AdoptTools> = {
  words: (step) => [step.managed.database, counted(step)],
  line: (step) => [step.managed.database, counted(step)],
  isAtomic: true,
  perform: async ({ managed, migrations }, { server, run, provenance, requireUnchanged }) => {
    await requireUnchanged(managed)
    await recordAdoption(server, { run, managed, migrations, provenance: await provenance() })
    const recorded = new Set(await readVersions(server, managed.database, managed.versions))
    const missing = migrations.filter(({ version }) => !recorded.has(version))
    if (missing.length === 0) return
    throw new AppError(
      `${managed.database}: ${missing.map(({ version }) => version).join(', ')} did not stay recorded.`,
      {
        exitCode: exitCodes.failed,
        touched: true,
      },
    )
  },
}
