import { Duplex, PassThrough } from 'node:stream'
import type { Docker } from './docker.ts'

/**
 * The address to ask: what Docker told, unless the container does not have it (any more); then one that it has. Never
 * loopback, on which the official image trusts anybody.
 */
export const ownAddress = `own=$(hostname -i 2>/dev/null) || own=
case " $own " in *" \${1:-none} "*) address=$1 ;; *)
  address=
  for one in $own $(awk '/32 host/ { print last } { last = $2 }' /proc/net/fib_trie 2>/dev/null); do
    case $one in 127.*|::1) ;; *) address=$one; break ;; esac
  done ;;
esac
: "\${address:=$1}"
[ -n "$address" ] || exit 1`

/**
 * Copies both ways between stdio and a TCP port, until either side ends: bash where the image has it (Debian), else nc (Alpine).
 * bash waits for both its children: an orphan would go to process 1, and where that is Postgres, it takes the signal
 * that ended a child it never knew for the crash of a session, ends all sessions and goes into recovery.
 */
const relay = `${ownAddress}
if command -v bash >/dev/null; then
exec bash -c 'exec 3<>"/dev/tcp/$0/$1" 4<&0 || exit 1; cat <&3 & cat <&4 >&3 & wait -n; kill %1 %2 2>/dev/null; wait' "$address" "$2"
else exec nc "$address" "$2"; fi`

/** What the pg driver asks of a socket beyond a stream. */
type SocketMethods = {
  connect: () => void
  setNoDelay: () => void
  setKeepAlive: () => void
  ref: () => void
  unref: () => void
}

const nothing = (): void => {}

const socketOver = (open: () => Promise<Duplex>): Duplex => {
  let remote: Duplex | undefined
  const socket = new Duplex({
    // The driver listens for 'close', which then follows the end of the remote side.
    allowHalfOpen: false,
    read: nothing,
    write: (chunk, encoding, done) => void remote?.write(chunk, encoding, done),
    final: (done) => {
      remote?.end()
      done()
    },
    destroy: (error, done) => {
      remote?.destroy()
      done(error)
    },
  })
  const follow = (opened: Duplex): void => {
    // The session was given up while the way was opened.
    if (socket.destroyed) return void opened.destroy()
    remote = opened
    remote.on('data', (chunk: Buffer) => socket.push(chunk))
    remote.on('end', () => socket.push(null))
    remote.on('error', (error) => socket.destroy(error))
    socket.emit('connect')
  }
  const methods: SocketMethods = {
    connect: () => void open().then(follow, (error) => socket.destroy(error)),
    setNoDelay: nothing,
    setKeepAlive: nothing,
    ref: nothing,
    unref: nothing,
  }
  return Object.assign(socket, methods)
}

const relayed = (docker: Docker, container: string, command: string[]): Duplex =>
  socketOver(async () => {
    const exec = await docker.getContainer(container).exec({
      Cmd: command,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    })
    const raw = await exec.start({ hijack: true, stdin: true })
    const output = new PassThrough()
    const errors = new PassThrough()
    docker.modem.demuxStream(raw, output, errors)
    errors.resume()
    raw.on('end', () => output.end())
    raw.on('close', () => output.end())
    return Duplex.from({ readable: output, writable: raw })
  })

export type ExecTarget = { container: string; address: string; port: number }

/**
 * A byte stream to a port inside a container's network, for engines whose containers have no route from here
 * (Docker Desktop, a remote DOCKER_HOST). The target is the container's own address: loopback is `trust` there.
 */
export const execSocket = (docker: Docker, { container, address, port }: ExecTarget): Duplex =>
  relayed(docker, container, ['sh', '-c', relay, 'po-migrate', address, String(port)])

/** The same to an address outside, by its name there too, from a container with busybox that reaches it. */
export const outwardSocket = (docker: Docker, { container, address, port }: ExecTarget): Duplex =>
  relayed(docker, container, ['nc', address, String(port)])
