import { PassThrough } from 'node:stream'
import type { Container } from 'dockerode'
import { pack } from 'tar-stream'
import { AppError, exitCodes } from '../errors.ts'
import type { Credentials, ManagedDatabase, Migration } from '../model/types.ts'
import { dbmateArguments, pgpass, quoteArguments, sessionVariables } from './dbmate-command.ts'
import { type Docker, dockerMessage } from './docker.ts'

/** How one call of dbmate ended; `exitCode` is null when its container died under it. */
export type DbmateResult = { exitCode: number | null; output: string }

/** dbmate, ready to be called once a database or file. */
export type Dbmate = AsyncDisposable & {
  create: (managed: ManagedDatabase) => Promise<DbmateResult>
  /** `settings`: what the session starts with, as PGOPTIONS has it. */
  up: (managed: ManagedDatabase, migration: Migration, settings: string) => Promise<DbmateResult>
  /** Ends the running call at once; it answers with exit code null. */
  abort: () => Promise<void>
}

export type PlannedFile = { managed: ManagedDatabase; migration: Migration }

export type DbmateOptions = {
  image: string
  run: string
  environment: string
  /** Container of Postgres: dbmate joins its network namespace, a third of the start-up time of a new one. */
  postgres: { id: string; address: string; port: number }
  credentials: Credentials
  files: readonly PlannedFile[]
  /** Names on the server that the run may touch: by these a later run knows what a dead one left. */
  databases: readonly string[]
}

const nobody = '65534:65534'
const work = '/work'

/**
 * Fed through stdin: first a tar of $1 blocks, then a line for each call: PGOPTIONS and the arguments, quoted.
 * When the orchestrator dies, stdin ends, the running call ends by itself, and nothing more starts.
 */
const script = `cd ${work} && dd bs=512 count="$1" iflag=fullblock 2>/dev/null | tar -xf - || exit 97
while IFS= read -r line; do
  eval "set -- $line"
  export PGOPTIONS="$1"
  shift
  dbmate "$@" </dev/null 2>&1
  printf '\\n%s %s\\n' "$MARK" "$?"
done`

const buildArchive = async ({ files, credentials }: DbmateOptions): Promise<Buffer> => {
  const archive = pack()
  archive.entry({ name: '.pgpass', mode: 0o600 }, pgpass(credentials.password))
  for (const { managed, migration } of files)
    archive.entry(
      { name: `${fileDirectory(managed, migration)}/${migration.file}`, mode: 0o600 },
      migration.text,
    )
  archive.finalize()
  return Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>))
}

/** A directory that holds only this file, so that dbmate cannot do more than the plan. */
const fileDirectory = (managed: ManagedDatabase, { version }: Migration): string =>
  `files/${managed.name}/${version}`

const create = async (docker: Docker, options: DbmateOptions, archive: Buffer): Promise<Container> => {
  const { image, run, environment, postgres, databases } = options
  const size = Math.max(16, Math.ceil((archive.length * 3) / 2 ** 20))
  return docker.createContainer({
    name: `po-migrate-${run}`,
    Image: image,
    Entrypoint: ['/bin/sh', '-c', script, 'po-migrate', String(archive.length / 512)],
    Cmd: [],
    User: nobody,
    WorkingDir: '/',
    Env: [
      ...Object.entries(sessionVariables({ run, work })).map(([key, value]) => `${key}=${value}`),
      `MARK=${run}`,
    ],
    Labels: {
      'po-migrate.run': run,
      'po-migrate.environment': environment,
      'po-migrate.databases': [...new Set(databases)].join(','),
    },
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {
      AutoRemove: false,
      NetworkMode: `container:${postgres.id}`,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 64,
      Memory: 512 * 2 ** 20,
      LogConfig: { Type: 'none', Config: {} },
      Tmpfs: { [work]: `rw,noexec,nosuid,nodev,mode=0700,uid=65534,gid=65534,size=${size}m` },
    },
  })
}

type Calls = { call: (args: readonly string[]) => Promise<DbmateResult>; close: () => void }

/** Writes one call at a time and gathers its output up to the mark, which carries the exit code. */
const speak = (stream: NodeJS.ReadWriteStream, output: NodeJS.ReadableStream, mark: string): Calls => {
  let text = ''
  let ended = false
  let settle: ((result: DbmateResult) => void) | undefined
  const markLine = new RegExp(`\\n${mark} (\\d+)\\n`)
  const check = (): void => {
    const found = markLine.exec(text)
    if (!settle || (!found && !ended)) return
    const result = found
      ? { exitCode: Number(found[1]), output: text.slice(0, found.index) }
      : { exitCode: null, output: text }
    text = found ? text.slice(found.index + found[0].length) : ''
    const done = settle
    settle = undefined
    done(result)
  }
  output.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8')
    check()
  })
  output.on('end', () => {
    ended = true
    check()
  })
  return {
    call: (args) =>
      new Promise((resolve) => {
        settle = resolve
        stream.write(`${quoteArguments(args)}\n`)
        check()
      }),
    close: () => void stream.end(),
  }
}

const remove = async (container: Container): Promise<void> => {
  await container.remove({ force: true, v: true }).catch(() => {})
}

/**
 * Starts the one dbmate container of a run: non-root, read-only, without capabilities, in Postgres' network namespace.
 * The files and the password enter through stdin into a tmpfs: nothing lies on disk, in argv, env or `docker inspect`.
 * @throws AppError (exit 6) when the container cannot be made or started.
 */
export const openDbmate = async (docker: Docker, options: DbmateOptions): Promise<Dbmate> => {
  const { postgres, credentials } = options
  const archive = await buildArchive(options)
  let container: Container | undefined
  try {
    container = await create(docker, options, archive)
    const stream = await container.attach({
      stream: true,
      stdin: true,
      stdout: true,
      stderr: true,
      hijack: true,
    })
    const output = new PassThrough()
    docker.modem.demuxStream(stream, output, output)
    // A daemon that dies ends the stream without an end.
    for (const event of ['end', 'close', 'error']) stream.on(event, () => output.end())
    await container.start()
    stream.write(archive)
    const { call, close } = speak(stream, output, options.run)
    const started = container
    const run = async (
      managed: ManagedDatabase,
      { verb, settings, directory }: { verb: 'create' | 'up'; settings: string; directory?: string },
    ): Promise<DbmateResult> => {
      const { address, port } = postgres
      const { user, password } = credentials
      const args = dbmateArguments({ managed, verb, directory, address, port, user })
      const { exitCode, output: said } = await call([settings, ...args])
      return { exitCode, output: password.redact(said) }
    }
    return {
      create: (managed) => run(managed, { verb: 'create', settings: '' }),
      up: (managed, migration, settings) =>
        run(managed, { verb: 'up', settings, directory: `${work}/${fileDirectory(managed, migration)}` }),
      abort: () => remove(started),
      [Symbol.asyncDispose]: async () => {
        close()
        await remove(started)
      },
    }
  } catch (cause) {
    if (container) await remove(container)
    throw new AppError(`The dbmate container cannot be started: ${dockerMessage(cause)}.`, {
      exitCode: exitCodes.unreachable,
      hint: `po-migrate doctor ${options.environment}`,
      cause,
    })
  }
}
