import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from 'dockerode'
import { AppError, exitCodes } from '../../errors.ts'
import { type Docker, dockerMessage } from '../docker/docker.ts'
import type { DockerHost } from '../docker/host.ts'
import { hasImage, readImageId } from '../docker/image.ts'
import { labelsOf } from '../docker/labels.ts'
import { pullFor } from '../docker/pull-for.ts'
import { removeContainer } from '../docker/remove-container.ts'
import { describeTask, isOver, isRunning, listTasks } from './tasks.ts'

export type FootholdOptions = {
  /** dbmate's, which has a shell and `nc`. */
  image: string
  run: string
  project: string
  environment: string
  /** An overlay network, attachable or not. */
  network: string
  /** The engine's own: only there can it be attached and exec'd. */
  node: string
  note: (text: string) => void
}

/** A task of this run on an overlay network: whatever joins its container's network reaches what is there. */
export type Foothold = AsyncDisposable & {
  container: string
  /** Told when it ends before it is closed: what joined its network has none any more, and does not notice. */
  onGone: (act: () => void) => void
}

/**
 * Process 1. Ends where nobody says within 15 s that it is held: that run was killed before it could.
 * A task's stdin stays open when its client dies, so that another process is its leash.
 */
const script = `trap 'exit 0' TERM
read -t 15 held || exit 0
while :; do sleep 86400 & wait; done`

/** Ends the task when the run dies, but not under a session that is still at work: a file goes on to its end, as ever. */
const leash = `cat >/dev/null
while grep -qE '^ *[0-9]+: +[0-9A-F]+:[0-9A-F]+ +[0-9A-F]+:[0-9A-F]+ 01 ' /proc/net/tcp /proc/net/tcp6; do sleep 1; done
kill -TERM 1`

const nobody = '65534:65534'
const startWithin = 60_000
const poll = 50

const failed = (why: string, service: string, cause?: unknown): AppError =>
  new AppError(`The task through which Postgres is reached does not run: ${why}.`, {
    exitCode: exitCodes.unreachable,
    details: [`It was a service of one run, ${service}, and is removed.`],
    hint: 'docker node ls; docker network ls --filter driver=overlay',
    ...(cause !== undefined && { cause }),
  })

const create = async (docker: Docker, options: FootholdOptions): Promise<Service> => {
  const { image, run, project, environment, network, node } = options
  return docker.createService({
    Name: `po-migrate-${run}-${randomBytes(2).toString('hex')}`,
    Labels: labelsOf({ run, project, environment }),
    TaskTemplate: {
      ContainerSpec: {
        // By its id: a node asks the registry about any other name, and waits for its answer.
        Image: await readImageId(docker, image),
        Command: ['/bin/sh', '-c', script],
        User: nobody,
        Dir: '/',
        OpenStdin: true,
        ReadOnly: true,
        CapabilityDrop: ['ALL'],
        StopGracePeriod: 1e9,
      },
      Resources: { Limits: { MemoryBytes: 128 * 2 ** 20, Pids: 128 } },
      RestartPolicy: { Condition: 'none' },
      Placement: { Constraints: [`node.id==${node}`] },
      Networks: [{ Target: network }],
      LogDriver: { Name: 'none' },
    },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: 'dnsrr' },
  })
}

const awaitContainer = async (docker: Docker, service: Service, name: string): Promise<string> => {
  for (const deadline = performance.now() + startWithin; ; ) {
    const [task] = await listTasks(docker, service.id)
    const container = task && isRunning(task) && task.Status.ContainerStatus?.ContainerID
    if (container) return container
    if (task && isOver(task)) throw failed(describeTask(task), name)
    if (performance.now() > deadline)
      throw failed(`it is ${task ? describeTask(task) : 'not placed'} for ${startWithin / 1000} s`, name)
    await sleep(poll)
  }
}

/** The leash first: from then on it ends with this process, however that ends. */
const hold = async (docker: Docker, id: string): Promise<Duplex> => {
  const container = docker.getContainer(id)
  const exec = await container.exec({
    Cmd: ['sh', '-c', leash],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  })
  const held = await exec.start({ hijack: true, stdin: true })
  held.on('error', () => {})
  held.resume()
  const stdin = await container.attach({ stream: true, stdin: true, hijack: true })
  stdin.on('error', () => {})
  stdin.write('held\n')
  stdin.end()
  return held
}

/** The container too: the swarm takes six seconds for that, since it waits for load balancers that this service has none of. */
const remove = async (docker: Docker, service: Service, container: string | undefined): Promise<void> => {
  await service.remove().catch(() => {})
  if (container) await removeContainer(docker, container).catch(() => {})
}

/**
 * Makes a service of one task on this very node, for one run. It has no secret, and does nothing by itself.
 * @throws AppError (exit 6): no image, no such network, or the task does not run.
 */
export const openFoothold = async (host: DockerHost, options: FootholdOptions): Promise<Foothold> => {
  const { client: docker } = host
  const { image, note } = options
  if (!(await hasImage(docker, image))) {
    note(`pulling ${image}, through which Postgres is reached`)
    await pullFor(host, image, () => {})
  }
  const service = await create(docker, options).catch((cause) => {
    if (cause instanceof AppError) throw cause
    throw failed(dockerMessage(cause), 'which was not made', cause)
  })
  let container: string | undefined
  let open = true
  try {
    const { Spec } = await service.inspect()
    container = await awaitContainer(docker, service, Spec.Name)
    const held = await hold(docker, container)
    const id = container
    return {
      container: id,
      onGone: (act) => {
        held.once('close', () => {
          if (open) act()
        })
      },
      [Symbol.asyncDispose]: async () => {
        open = false
        await remove(docker, service, id)
        held.destroy()
      },
    }
  } catch (cause) {
    await remove(docker, service, container)
    throw cause instanceof AppError ? cause : failed(dockerMessage(cause), 'of this run', cause)
  }
}
