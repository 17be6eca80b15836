import type { Docker } from './docker.ts'
import { runExec } from './exec.ts'
import { ownAddress } from './exec-stream.ts'

/** Of the running server where it is process 1 and may be looked at, else of the image's data directory. */
const controlData = `PATH="$PATH:$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')"
for data in /proc/1/cwd "$PGDATA" /proc/[0-9]*/cwd; do
  if [ -f "$data/global/pg_control" ]; then exec pg_controldata -D "$data"; fi
done
exit 1`

const systemIdentifier = /^Database system identifier:\s+(\d+)$/m

/** What a shell script prints inside a container; nothing when it fails. */
const ask = async (docker: Docker, container: string, script: string): Promise<string | undefined> => {
  let output = ''
  try {
    const { exitCode } = await runExec(docker, {
      container,
      command: ['sh', '-c', script, 'po-migrate', ''],
      env: { LC_ALL: 'C' },
      onOutput: async (chunk) => {
        output += chunk.toString('utf8')
      },
    })
    return exitCode === 0 ? output : undefined
  } catch {
    return undefined
  }
}

/** The system_identifier of the server inside a container, which needs no password; nothing where it cannot be read. */
export const readSystemIdentifier = async (docker: Docker, container: string): Promise<string | undefined> =>
  systemIdentifier.exec((await ask(docker, container, controlData)) ?? '')?.[1]

/** The address that a container has itself, where Docker tells none. */
export const readOwnAddress = async (docker: Docker, container: string): Promise<string | undefined> =>
  (await ask(docker, container, `${ownAddress}\necho "$address"`))?.trim() || undefined
