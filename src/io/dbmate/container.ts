import type { Container } from 'dockerode'
import { pack } from 'tar-stream'
import type { Docker } from '../docker/docker.ts'
import { labelsOf } from '../docker/labels.ts'
import { gatewayAddress, wayConfig } from '../docker/way.ts'
import { tlsFiles } from '../postgres/tls-files.ts'
import { pgpass, sessionVariables } from './command.ts'
import type { DbmateOptions, PlannedFile } from './dbmate.ts'

const nobody = '65534:65534'
export const work = '/planned'

/**
 * Fed through stdin: first a tar of $1 blocks, then a line for each call: PGOPTIONS and the arguments, quoted.
 * When the orchestrator dies, stdin ends, the running call ends by itself, and nothing more starts; a call of several files is
 * ended, since it would begin the next one by itself: nobody writes to stdin while it runs.
 */
const script = `[ -z "$GATEWAY" ] || export PGHOSTADDR="$(${gatewayAddress})"
cd ${work} && dd bs=512 count="$1" iflag=fullblock 2>/dev/null | tar -xf - || exit 97
exec 3<&0
while IFS= read -r line; do
  eval "set -- $line"
  export PGOPTIONS="$1"
  bound="$2"
  shift 2
  if [ -z "$bound" ]; then
    dbmate "$@" </dev/null 2>&1
    code=$?
  else
    dbmate "$@" </dev/null 2>&1 &
    pid=$!
    { read -r _ || kill "$pid"; } <&3 2>/dev/null &
    watch=$!
    wait "$pid"
    code=$?
    { kill "$watch"; wait "$watch"; } 2>/dev/null
  fi
  printf '\\n%s %s\\n' "$MARK" "$code"
done`

/** The password file and the planned files, as the tar that goes through stdin. */
export const buildArchive = async ({ files, credentials, postgres }: DbmateOptions): Promise<Buffer> => {
  const archive = pack()
  archive.entry({ name: '.pgpass', mode: 0o600 }, pgpass(credentials.password))
  for (const { name, text } of tlsFiles(postgres.way?.tls)) archive.entry({ name, mode: 0o600 }, text)
  const planned = new Map(files.map((file) => [`${fileDirectory(file)}/${file.migration.file}`, file]))
  for (const [name, { migration }] of planned) archive.entry({ name, mode: 0o600 }, migration.text)
  archive.finalize()
  return Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>))
}

/**
 * A directory that holds only this file, or its batch, so that dbmate cannot do more than the plan. Databases of a fleet share
 * it; their names, which are somebody else's, are no part of a path.
 */
export const fileDirectory = ({ managed, migration, batch = migration.version }: PlannedFile): string =>
  `files/${managed.member?.fleet ?? managed.name}/${batch}`

/** The container, made and not yet started: non-root, read-only, without capabilities, where Postgres can be reached. */
export const createDbmateContainer = async (
  docker: Docker,
  options: DbmateOptions,
  archive: Buffer,
): Promise<Container> => {
  const { image, run, environment, project, postgres, server, databases, lane = 0 } = options
  const size = Math.max(16, Math.ceil((archive.length * 3) / 2 ** 20))
  return docker.createContainer({
    name: `po-migrate-${run}${lane > 0 ? `-${lane + 1}` : ''}`,
    Image: image,
    Entrypoint: ['/bin/sh', '-c', script, 'po-migrate', String(archive.length / 512)],
    Cmd: [],
    User: nobody,
    WorkingDir: '/',
    Env: [
      ...Object.entries(sessionVariables({ run, work })).map(([key, value]) => `${key}=${value}`),
      `MARK=${run}`,
      ...(postgres.way?.gateway ? ['GATEWAY=1'] : []),
    ],
    Labels: labelsOf({ run, environment, project, server: server ?? postgres.id, databases }),
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {
      AutoRemove: false,
      ...(postgres.way ? wayConfig(postgres.way) : { NetworkMode: `container:${postgres.id}` }),
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
