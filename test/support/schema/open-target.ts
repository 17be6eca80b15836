import { openDockerHost } from '../../../src/io/docker/host.ts'
import { runShell } from '../../../src/io/host/shell.ts'
import type { DumpTarget } from '../../../src/io/postgres/dump-tool.ts'
import { openServer } from '../../../src/io/postgres/postgres.ts'
import { Secret } from '../../../src/model/secret.ts'
import { makeRunId } from '../../../src/run/run-id.ts'
import type { TestPostgres } from '../postgres/postgres.ts'
import { baseEnv } from '../tool/tool.ts'

/** A test's server as what dumps and restores. */
export const openTarget = async (postgres: TestPostgres): Promise<AsyncDisposable & DumpTarget> => {
  const run = makeRunId(new Date())
  const { client } = await openDockerHost(baseEnv(), runShell)
  const credentials = { user: 'postgres', password: new Secret(postgres.password) }
  const server = openServer({
    ...{ label: postgres.name, host: postgres.address, port: 5432, credentials },
    ...{ applicationName: `${run} reader`, wait: 1000, passwordHint: '' },
  })
  return {
    ...{ docker: client, container: postgres.container, server, user: 'postgres', run },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
