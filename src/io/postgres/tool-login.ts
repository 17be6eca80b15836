import { pgpass } from '../dbmate/command.ts'
import type { Server } from './postgres.ts'

/**
 * Runs "$@" with the first line of stdin as its password file: in memory, without a name before the tool begins. `read`
 * takes no more than its line, so that the rest of stdin is the tool's. Where nothing can be written there is no password.
 */
const script = `IFS= read -r line
umask 077
for directory in /dev/shm /tmp /var/run/postgresql; do
  file=$directory/.po-migrate-$$
  (set -C; printf '%s\\n' "$line" >"$file") 2>/dev/null && break
  file=
done
unset line
[ -z "$file" ] || { exec 9<"$file"; rm -f "$file"; export PGPASSFILE=/dev/fd/9; }
exec "$@"`

export type ToolCall = {
  command: readonly string[]
  env: Record<string, string>
  input: AsyncIterable<Buffer>
}

async function* withLine(line: string, rest: AsyncIterable<Buffer> | undefined): AsyncGenerator<Buffer> {
  yield Buffer.from(line)
  if (rest) yield* rest
}

/**
 * How one of the server's own tools logs in inside its container: at the address and with the password that dbmate uses, so
 * that whatever `pg_hba.conf` says of sockets, it can what a migration can. Without TLS, as on every way inside a container.
 */
export const withLogin = (
  { port, login }: Pick<Server, 'port' | 'login'>,
  { command, input }: { command: readonly string[]; input?: AsyncIterable<Buffer> | undefined },
): ToolCall => ({
  command: ['sh', '-c', script, 'po-migrate', ...command],
  env: { PGHOST: login.host, PGPORT: String(port), PGSSLMODE: 'disable', PGGSSENCMODE: 'disable' },
  input: withLine(pgpass(login.password), input),
})
