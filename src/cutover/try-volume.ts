import { AppError, exitCodes } from '../errors.ts'
import { nextTransactionIn, readControl } from '../io/docker/control-data.ts'
import { dataOf, readDataHolder } from '../io/docker/data-directory.ts'
import { makeScratchVolume, runThrowaway } from '../io/docker/throwaway.ts'
import { removeVolume } from '../io/docker/volume-life.ts'
import { copyName, isReset } from '../model/cutover.ts'
import { type CutoverTools, ownerOf } from './tools.ts'
import { compareScript } from './volume-copy.ts'

export type TryVolumeOptions = Pick<CutoverTools, 'docker' | 'image' | 'run' | 'host' | 'state'>

/** What the steps will do with the whole volume, done with one file of it. */
const script = `${dataOf}
data=$(data_of /from "$1")
if [ -z "$data" ]; then
  [ -z "$(find /from -maxdepth 6 -name PG_VERSION | head -n 1)" ] && exit 0
  echo "no control file of Postgres is where its data should be: \${1:-anywhere}"; exit 1
fi
echo "data \${data#/from/}"
if [ "$2" = running ] && [ ! -e "$data/postmaster.pid" ]; then
  echo "Postgres runs, and no postmaster.pid is in $data"; exit 1
fi
mkdir /to/from /to/to
cp -a "$data/PG_VERSION" /to/from/ && cp -a /to/from/. /to/to/ || exit 1
${compareScript('/to/from', '/to/to')} || { echo 'a copy cannot be compared'; exit 1; }
${readControl} "$data"`

const found = /^data (.*)$/m

const cannot = (why: string, { host, image }: TryVolumeOptions): AppError =>
  new AppError(`The volume ${host.volume} cannot be worked on: ${why}.`, {
    exitCode: exitCodes.refused,
    details: [`It was tried on a piece of it, in a container of the image ${image}.`],
    hint: `docker volume inspect ${host.volume}`,
  })

/**
 * Tries everything that a cutover does to a volume once all is stopped: finding the data, seeing that a server has not shut
 * down, reading where it stopped, copying and comparing. Answers where in the volume the data lie; nothing for an empty one.
 * @throws AppError (exit 4) for what would fail then.
 */
export const tryVolume = async (options: TryVolumeOptions): Promise<string | undefined> => {
  const { docker, image, run, host } = options
  const { volume } = host
  const owner = ownerOf(options)
  const holder = await readDataHolder(docker.client, volume)
  const scratch = `${copyName(volume, run)}-try`
  await makeScratchVolume(docker.client, { name: scratch, owner })
  try {
    const { exitCode, output } = await runThrowaway(docker.client, {
      ...{ image, owner, script },
      args: [holder?.path ?? '', holder?.running ? 'running' : 'stopped'],
      mounts: [
        { volume, path: '/from', readOnly: true },
        { volume: scratch, path: '/to' },
      ],
    })
    const data = found.exec(output)?.[1]
    const last = output.trim().split('\n').at(-1) ?? ''
    // A server may write its control file while it is read: only a stopped one's has to be whole.
    const needsControl = data !== undefined && !isReset(host.cutover)
    if (exitCode !== 0 && (data === undefined || needsControl)) throw cannot(last, options)
    if (needsControl && nextTransactionIn(output) === undefined)
      throw cannot(`pg_controldata does not tell where its server is (${last})`, options)
    return data
  } finally {
    await removeVolume(docker.client, scratch)
  }
}
