import { posix } from 'node:path'
import type { ContainerInspectInfo } from 'dockerode'
import type { Docker } from './docker.ts'

/**
 * In a shell: `data_of DIRECTORY PATH` prints where Postgres' data lie in a volume, at the path that is known or, without
 * one, where the newest control file is. Images disagree: at its root, in `pgdata`, in `18/docker`.
 */
export const dataOf = `data_of() {
if [ -n "$2" ]; then
  [ ! -f "$1/$2/global/pg_control" ] || echo "$1/$2"
else
  control=$(find "$1" -maxdepth 6 -path '*/global/pg_control' -exec ls -t {} + | head -n 1)
  [ -z "$control" ] || echo "\${control%/global/pg_control}"
fi
}`

type Described = Pick<ContainerInspectInfo, 'Mounts'> & { Config: { Env?: string[] } }

const variable = 'PGDATA='

/** The path in a volume of a container's PGDATA, `.` for its root; nothing where that lies elsewhere. */
export const dataPath = ({ Mounts, Config }: Described, volume: string): string | undefined => {
  const directory = Config.Env?.find((entry) => entry.startsWith(variable))?.slice(variable.length)
  const mount = Mounts.find(({ Name }) => Name === volume)
  if (!directory || !mount) return undefined
  const path = posix.relative(mount.Destination, directory)
  return path.startsWith('..') ? undefined : path || '.'
}

/** Who has a volume mounted, and where in it its data lie. */
export type DataHolder = { running: boolean; path: string | undefined }

/** The container that runs on a volume, else the one that did. */
export const readDataHolder = async (docker: Docker, volume: string): Promise<DataHolder | undefined> => {
  const mounting = await docker.listContainers({ all: true, filters: { volume: [volume] } })
  const holder = mounting.find(({ State }) => State === 'running') ?? mounting[0]
  if (!holder) return undefined
  const described = await docker.getContainer(holder.Id).inspect()
  return { running: described.State.Running, path: dataPath(described, volume) }
}
