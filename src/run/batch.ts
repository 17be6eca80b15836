import { AppError, asTouched, exitCodes } from '../errors.ts'
import type { Dbmate, DbmateResult } from '../io/dbmate/dbmate.ts'
import { askAgain } from '../io/postgres/ask-again.ts'
import { beginAttempts, endAttempt, removeAttempts } from '../io/postgres/ledger.ts'
import { type Blocker, watch } from '../io/postgres/observer.ts'
import { readApplied } from '../model/batch.ts'
import type { Migration } from '../model/types.ts'
import { isFull, mayPass, sessionSettings } from './attempt.ts'
import { explainFailure } from './explain-failure.ts'
import type { MigrateFileOptions } from './migrate-file.ts'
import { requireLock } from './require-lock.ts'

export type BatchOptions = Omit<MigrateFileOptions, 'migration' | 'direction'> & {
  dbmate: Dbmate & Required<Pick<Dbmate, 'migrateAll'>>
  migrations: readonly Migration[]
  lost: AbortSignal | undefined
}

/** Several files in one call of dbmate, whose steps are performed one after the other while it runs. */
export type Batch = {
  /** @throws AppError as `migrateFile` does. Answers `alone` when the file was not begun, and has to run by itself. */
  perform: (migration: Migration) => Promise<'done' | 'alone'>
  /** Whether dbmate has this file, so that its step is in flight. */
  isBegun: (migration: Migration) => boolean
}

type Ended = { result: DbmateResult; blockers: readonly Blocker[] }

type Stopped = Ended & { id: string; since: Date }

/** Wakes whoever waits whenever dbmate says something, and at its end. */
const follow = (call: (onOutput: (text: string) => void) => Promise<Ended>) => {
  let said = ''
  let ended: Ended | undefined
  let wake = Promise.withResolvers<void>()
  const turn = (): void => {
    wake.resolve()
    wake = Promise.withResolvers<void>()
  }
  const running = call((text) => {
    said += text
    turn()
  }).then((end) => {
    ended = end
    said = end.result.output
    turn()
  })
  running.catch(turn)
  return {
    said: () => said,
    ended: () => ended,
    /** Until dbmate is past a file: it says which it begins next, or it is through. */
    past: async (next: Migration | undefined): Promise<void> => {
      while (!(ended || (next && said.includes(`Applying: ${next.file}\n`))))
        await Promise.race([wake.promise, running])
    },
  }
}

/** Begins the call: rows in the ledger first, as ever. */
const begin = async (options: BatchOptions) => {
  const { engine, managed, dbmate, migrations, applied, run, lost, onProgress } = options
  await applied.require(managed)
  const ids = await beginAttempts(engine.server, { ...options, direction: 'up', migrations })
  const since = new Date()
  const giveUp = (): void => {
    // No lock, no further file: dbmate would begin the next one by itself.
    void engine
      .cancel()
      .catch(() => {})
      .then(() => dbmate.abort())
  }
  lost?.addEventListener('abort', giveUp)
  const running = follow(async (onOutput) => {
    await using watching = watch(engine.server, run, onProgress)
    const files = migrations.map((migration) => ({ managed, migration }))
    const result = await dbmate.migrateAll(files, sessionSettings(options, true), onOutput)
    lost?.removeEventListener('abort', giveUp)
    if (result.exitCode === null) await engine.cancel().catch(() => {})
    return { result, blockers: watching.blockers() }
  })
  return { ids, since, ...running }
}

export const openBatch = (options: BatchOptions): Batch => {
  const { engine, managed, migrations, applied, lost } = options
  const { server } = engine
  let begun: ReturnType<typeof begin> | undefined
  let broken = false
  const later = (migration: Migration): readonly Migration[] =>
    migrations.slice(migrations.indexOf(migration))
  const forget = async (files: readonly Migration[]): Promise<void> => {
    const { ids } = (await begun) ?? { ids: new Map<string, string>() }
    const rows = files.flatMap(({ version }) => ids.get(version) ?? [])
    await removeAttempts(server, managed.database, rows).catch(() => {})
  }
  const fail = async (migration: Migration, { result, blockers }: Ended, since: Date): Promise<AppError> => {
    const output = result.output.trim()
    if (result.exitCode === 0)
      return new AppError(
        `${managed.database}: dbmate reported success, but did not record ${migration.file}.`,
        {
          exitCode: exitCodes.failed,
          details: output ? [output] : [],
        },
      )
    const failed = { ...options, migration, direction: 'up' as const, result, blockers, tries: 1, since }
    if (result.exitCode !== null) return explainFailure(failed)
    return new AppError(
      `${managed.database}: ${migration.file}: dbmate's container ended before it answered.`,
      {
        exitCode: exitCodes.failed,
        details: [`${migration.file} was not recorded, so Postgres rolled the transaction back.`],
      },
    )
  }
  const stop = async (migration: Migration, { id, since, ...end }: Stopped): Promise<unknown> => {
    await forget(later(migration).slice(1))
    const error = await fail(migration, end, since)
    await endAttempt(server, managed.database, { id, outcome: 'failed', error: error.message }).catch(
      () => {},
    )
    if (lost?.aborted) requireLock(lost)
    return asTouched(error)
  }
  const perform = async (migration: Migration): Promise<'done' | 'alone'> => {
    if (broken) return 'alone'
    begun ??= begin(options)
    const { ids, since, past, said, ended } = await begun
    const [, next] = later(migration)
    await past(next)
    const recorded = (await askAgain(() => applied.read(managed))).has(migration.version)
    const line = readApplied(said()).find(({ file }) => file === migration.file)
    const id = ids.get(migration.version) ?? ''
    const end = ended()
    // A container that died may have taken the last line with it.
    if (recorded && (line || end?.result.exitCode === null)) {
      applied.add(managed, migration, 'up')
      await endAttempt(server, managed.database, { id, outcome: 'done', ...(line && { duration: line.ms }) })
      return 'done'
    }
    broken = true
    if (!end) throw new Error(`${migration.file} is neither applied nor at an end`)
    if (!recorded && (isFull(end.result) || mayPass(end.result))) {
      await forget(later(migration))
      return 'alone'
    }
    throw await stop(migration, { ...end, id, since })
  }
  return { perform, isBegun: () => begun !== undefined && !broken }
}
