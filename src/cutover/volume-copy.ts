import { AppError, exitCodes } from '../errors.ts'
import type { Docker } from '../io/docker/docker.ts'
import type { Owner } from '../io/docker/throwaway.ts'
import { runThrowaway, type ThrowawayOptions } from '../io/docker/throwaway.ts'
import { requireFree } from '../io/docker/volume.ts'

export type CopyOptions = Pick<ThrowawayOptions, 'image' | 'owner' | 'stop'> & {
  from: string
  to: string
  /** A server that did not shut down cleanly is not copied. */
  requireClean: boolean
  /** Where in it the data lie, as far as that is known. */
  data?: string | undefined
  /** Megabytes so far, and in all. */
  onProgress: (copied: number, total: number) => void
}

export type Copied = { bytes: number; ms: number }

const bytesLine = /^bytes (\d+)$/m
const measuredLine = /^measured (\d+) (\d+) (\d+) (\d+)$/m
const notClean = 3
const different = 4

/** In a shell: whether two directories hold the same, byte by byte, with the same owners, modes and sizes. */
export const compareScript = (one: string, other: string): string => `list() { cd "$1" && \
find . -mindepth 1 \\( -type d -printf '%P d %m %U:%G\\n' -o -printf '%P %y %m %U:%G %s %l\\n' \\) | sort; }
list ${one} >/tmp/one
list ${other} >/tmp/other
cmp -s /tmp/one /tmp/other && diff -rq --no-dereference ${one} ${other}`

/**
 * cp keeps owners, modes and times; the comparison reads every byte of both, and every owner, mode and size. A directory's
 * size is no part of it: on ext4 it tells how many files there once were.
 * Postgres removes postmaster.pid, at the top of its data, as the last thing of a clean shutdown.
 */
const copyScript = `set -e
left() { if [ -n "$1" ]; then ls "/from/$1/postmaster.pid" 2>/dev/null; else find /from -maxdepth 6 -name postmaster.pid; fi; }
if [ "$1" = clean ] && left "$2" | grep -q .; then exit ${notClean}; fi
total=$(du -sk /from | cut -f1)
find /to -mindepth 1 -delete
cp -a /from/. /to/ & copying=$!
while kill -0 $copying 2>/dev/null; do
  echo "copied $(du -sk /to 2>/dev/null | cut -f1) $total"
  sleep 1
done
wait $copying
sync
${compareScript('/from', '/to')} || exit ${different}
echo "bytes $total"`

/** `find -printf` and `diff --no-dereference` are GNU's; BusyBox does without owners and times of directories. */
const explain = (exitCode: number, output: string, { from, to }: CopyOptions): AppError => {
  const fail = (message: string, hint: string): AppError =>
    new AppError(message, { exitCode: exitCodes.failed, details: output.trim().split('\n').slice(-5), hint })
  if (exitCode === notClean)
    return fail(
      `${from} was not shut down cleanly: it still has a postmaster.pid.`,
      `docker ps --all --filter volume=${from}`,
    )
  if (exitCode === different) return fail(`The copy ${to} differs from ${from}.`, 'dmesg | tail')
  return fail(`${from} could not be copied to ${to}.`, 'docker system df; df -h')
}

/**
 * Copies a volume that nobody has mounted to another, which is emptied first, and compares the two byte by byte.
 * @throws AppError (exit 4) while a container has either mounted, (exit 1) when the copy fails or differs.
 */
export const copyVolume = async (docker: Docker, options: CopyOptions): Promise<Copied> => {
  const { from, to, image, owner, stop, requireClean, data = '', onProgress } = options
  for (const volume of [from, to]) await requireFree(docker, volume)
  const started = performance.now()
  const { exitCode, output } = await runThrowaway(docker, {
    image,
    owner,
    script: copyScript,
    args: [requireClean ? 'clean' : 'any', data],
    mounts: [
      { volume: from, path: '/from', readOnly: true },
      { volume: to, path: '/to' },
    ],
    ...(stop && { stop }),
    onLine: (line) => {
      const [word, copied, total] = line.split(' ')
      if (word === 'copied') onProgress(Number(copied) / 1000, Number(total) / 1000)
    },
  })
  if (exitCode !== 0) throw explain(exitCode, output, options)
  const bytes = Number(bytesLine.exec(output)?.[1] ?? 0) * 1024
  return { bytes, ms: Math.round(performance.now() - started) }
}

export type Measured = { bytes: number; free: number; rate: number }

/** Reads at most 128 MB of what is there, writes it beside, and compares: what a copy does, for a moment. */
const probeScript = `set -e
size=$(du -sk /from 2>/dev/null | cut -f1)
free=$(df -Pk /to | tail -1 | awk '{print $4}')
begin=$(date +%s%N)
find /from -type f -exec cat {} + 2>/dev/null | head -c 134217728 >/to/sample || true
sync
cat /to/sample | cmp -s - /to/sample
end=$(date +%s%N)
echo "measured $size $free $(stat -c %s /to/sample) $(((end - begin) / 1000000))"`

/**
 * Size of a volume that may be in use, room beside it, and the rate in bytes a second at which it would be copied and
 * compared. `scratch` is an empty volume, and stays one.
 */
export const measureVolume = async (
  docker: Docker,
  { image, owner, from, scratch }: { image: string; owner: Owner; from: string; scratch: string },
): Promise<Measured> => {
  const { exitCode, output } = await runThrowaway(docker, {
    image,
    owner,
    script: `${probeScript}\nrm /to/sample`,
    mounts: [
      { volume: from, path: '/from', readOnly: true },
      { volume: scratch, path: '/to' },
    ],
  })
  const found = measuredLine.exec(output)?.slice(1).map(Number)
  if (exitCode !== 0 || !found)
    throw new AppError(`The volume ${from} cannot be measured.`, {
      exitCode: exitCodes.failed,
      details: output.trim().split('\n').slice(-5),
      hint: `docker volume inspect ${from}`,
    })
  const [size = 0, free = 0, sample = 0, ms = 0] = found
  return { bytes: size * 1024, free: free * 1024, rate: sample / (Math.max(1, ms) / 1000) }
}
