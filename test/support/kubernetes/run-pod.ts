import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { docker } from '../engine/docker.ts'
import type { Container, PodSpec } from './manifests.ts'

/** Files of a volume by their path in it, with the mode that they have there. */
export type Projection = { files: Readonly<Record<string, string>>; mode: number }

/**
 * As a kubelet lays a ConfigMap or a Secret out: the files in a directory named after the moment, `..data` as a link to it, and each
 * first part of a path as a link into `..data`; root's, and of the pod's group.
 */
const layOut = (directory: string, { files, mode }: Projection, group: number): void => {
  const moment = '..2026_01_01_00_00_00.123456789'
  mkdirSync(join(directory, moment))
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, moment, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    chmodSync(file, mode)
    chownSync(file, 0, group)
  }
  symlinkSync(moment, join(directory, '..data'))
  for (const name of new Set(Object.keys(files).map((path) => path.split('/')[0] ?? '')))
    symlinkSync(join('..data', name), join(directory, name))
}

export type PodOptions = {
  pod: PodSpec
  container: Container
  /** In the place of what a registry has. */
  image: string
  network: string
  /** Contents of the volumes that are not an emptyDir, by their names. */
  volumes: Readonly<Record<string, Projection>>
  /** Names that the cluster's DNS would know. */
  hosts?: Readonly<Record<string, string>>
  args?: readonly string[]
}

export type Pod = AsyncDisposable & { name: string }

const mebibytes = (quantity: unknown): string => {
  const found = /^(\d+)Mi$/.exec(String(quantity))
  if (!found) throw new Error(`a quantity that no test knows: ${quantity}`)
  return `${found[1]}m`
}

/** What a pod is allowed to do, as flags of docker run. */
const limitsOf = ({ pod, container }: PodOptions): string[] => {
  const { runAsUser, runAsGroup, fsGroup } = pod.securityContext ?? {}
  const { securityContext = {}, resources } = container
  return [
    '--user',
    `${runAsUser}:${runAsGroup}`,
    '--group-add',
    String(fsGroup),
    ...(securityContext.readOnlyRootFilesystem ? ['--read-only'] : []),
    ...(securityContext.allowPrivilegeEscalation === false ? ['--security-opt', 'no-new-privileges'] : []),
    ...(securityContext.capabilities?.drop ?? []).flatMap((name) => ['--cap-drop', name]),
    ...['--memory', '--memory-swap'].flatMap((flag) => [flag, mebibytes(resources?.limits?.memory)]),
  ]
}

/** Starts a pod's one container as a container of Docker: its command, its rights, its volumes, its limits. */
export const startPod = async (options: PodOptions): Promise<Pod> => {
  const { pod, container, image, network, volumes, hosts = {}, args = container.args ?? [] } = options
  const name = `pmt-pod-${randomUUID().slice(0, 8)}`
  const directory = mkdtempSync(join(tmpdir(), 'pmt-pod-'))
  chmodSync(directory, 0o755)
  const mounts = (container.volumeMounts ?? []).flatMap((mount) => {
    const volume = pod.volumes?.find((one) => one.name === mount.name)
    if (volume?.emptyDir)
      return ['--tmpfs', `${mount.mountPath}:size=${mebibytes(volume.emptyDir.sizeLimit)},mode=2777`]
    const given = volumes[mount.name]
    if (!given) throw new Error(`the test has nothing for the volume ${mount.name}`)
    const place = join(directory, mount.name)
    mkdirSync(place)
    layOut(place, given, pod.securityContext?.fsGroup ?? 0)
    return ['--volume', `${place}:${mount.mountPath}${mount.readOnly ? ':ro' : ''}`]
  })
  const known = Object.entries(hosts).flatMap(([host, address]) => ['--add-host', `${host}:${address}`])
  const flags = ['--detach', '--name', name, '--network', network, ...known, ...limitsOf(options), ...mounts]
  await docker(['run', ...flags, image, ...args])
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      await docker(['rm', '--force', name])
      rmSync(directory, { recursive: true })
    },
  }
}

export type PodEnd = { exit: number; output: string; oomKilled: boolean }

/** Waits until it has ended, and answers how. */
export const endOf = async ({ name }: Pod): Promise<PodEnd> => {
  const exit = Number(await docker(['wait', name]))
  const output = execFileSync('sh', ['-c', `docker logs ${name} 2>&1`], { encoding: 'utf8' })
  const killed = await docker(['inspect', '--format', '{{.State.OOMKilled}}', name])
  return { exit, output, oomKilled: killed === 'true' }
}
