import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/load.ts'
import { resolveEnvironment } from '../config/resolve.ts'
import { stateOf } from '../config/state.ts'
import { openEmbeddedDbmate } from '../io/embedded/dbmate.ts'
import { lockEmbedded } from '../io/embedded/lock.ts'
import { loadEmbeddedPackages } from '../io/embedded/packages.ts'
import { connectEmbedded, startEmbeddedServer } from '../io/embedded/server.ts'
import { shellUntil } from '../io/host/shell.ts'
import { schemaArguments } from '../io/postgres/dump-schema.ts'
import { dropDatabase } from '../io/postgres/recreate-database.ts'
import type { Context } from '../model/context.ts'
import { quoteIdentifier } from '../model/sql.ts'
import type { Report } from '../report/report.ts'
import type { Workbench } from './workbench.ts'

export type EmbeddedBenchRequest = { config: Config; run: string; report: Report }

/** Seconds for another run of this project that verifies here. */
const lockWait = 60
const user = 'postgres'
/** What psql does, and a server does not. */
const metaCommands = /^\\.*\n/gm

/**
 * A throwaway server without Docker: Postgres in this process, whose data go when it closes; those of a killed run go first.
 * @throws AppError (exit 2) outside an npm checkout, (exit 5) while another run of this project has it.
 */
export const openEmbeddedBench = async (
  { config, run, report }: EmbeddedBenchRequest,
  context: Context,
): Promise<Workbench> => {
  const packages = await loadEmbeddedPackages()
  const [first = ''] = Object.keys(config.environments)
  const state = stateOf(config, resolveEnvironment(config, first).host, context.env)
  const directory = join(state.directory, 'embedded', '.verify')
  await using held = new AsyncDisposableStack()
  const waits = {
    wait: lockWait,
    onWait: (seconds: number) =>
      report.note(`Another verify has the embedded Postgres; waiting, ${seconds} s left`),
  }
  held.use(await lockEmbedded({ path: `${directory}.lock`, environment: 'verify', ...waits }))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  remove()
  held.defer(remove)
  report.progress('starting a Postgres in this process')
  const embedded = held.use(await startEmbeddedServer(directory, packages))
  const { address, port, dump, forget } = embedded
  const server = held.use(connectEmbedded(embedded, { user, run }))
  const drop = async (name: string): Promise<void> => {
    await server.leave(name)
    await using session = await server.session(server.maintenance)
    await dropDatabase(session.query, name)
    await forget(name)
  }
  let opened = 0
  const open = held.move()
  return {
    server,
    dump: ({ database, versions }) => dump(database, schemaArguments(versions)),
    drop,
    create: async (name) => {
      await drop(name)
      await using session = await server.session(server.maintenance)
      await session.query(`create database ${quoteIdentifier(name)}`)
    },
    restore: async (database, text) => void (await server.query(database, text.replace(metaCommands, ''))),
    cancel: async () => {},
    openDbmate: (files) => {
      opened += 1
      const work = join(directory, `.work-${opened}`)
      return openEmbeddedDbmate({
        ...{ shell: shellUntil(context.stop), run, address, port, user, files, work },
        binary: packages.dbmate,
      })
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
