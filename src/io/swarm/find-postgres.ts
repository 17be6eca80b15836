import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from 'dockerode'
import { AppError, exitCodes } from '../../errors.ts'
import { nearest } from '../../model/nearest.ts'
import type { Environment } from '../../model/types.ts'
import type { Docker } from '../docker/docker.ts'
import type { Waiting } from '../postgres/server-options.ts'
import { explainSwarm } from './manager.ts'
import { describeTask, isComing, isRunning, listTasks, type Task } from './tasks.ts'

/** The task in which a service's Postgres runs. */
export type PostgresTask = {
  service: string
  /** Of the service, as its spec has it. */
  image: string
  node: string
  container: string
  /** One that both it and a task of ours can be on. */
  network: string
}

const unreachable = (message: string, hint: string, details: readonly string[] = []): AppError =>
  new AppError(message, { exitCode: exitCodes.unreachable, hint, details: [...details] })

const nameOf = ({ Spec }: Service): string => Spec?.Name ?? ''

/** Names by which others on a network know it; `docker stack deploy` gives each its name in the compose file. */
const aliasesOf = ({ Spec }: Service): string[] =>
  (Spec?.TaskTemplate?.Networks ?? []).flatMap(({ Aliases }) => Aliases ?? [])

const absent = ({ name }: Environment, service: string, known: readonly string[]): AppError => {
  const close = nearest(service, known)
  return unreachable(
    `There is no service ${service} in this swarm, where ${name} has its Postgres.`,
    close
      ? `write into the config, under environments.${name}: service: ${close}`
      : 'docker stack deploy -c FILE STACK, then the same again',
    known.length > 0 ? [`here are: ${[...known].sort().join(', ')}`] : ['It has no service at all.'],
  )
}

/** By its name in the swarm, else by the one that it has in its stack. */
export const findService = async (docker: Docker, environment: Environment): Promise<Service> => {
  const { service = '', name } = environment
  const all = await docker.listServices().catch((error) => {
    throw explainSwarm(error, 'tell of its services')
  })
  const exact = all.find((one) => nameOf(one) === service)
  const [found, other] = exact ? [exact] : all.filter((one) => aliasesOf(one).includes(service))
  if (!found) throw absent(environment, service, all.map(nameOf))
  if (!other) return found
  throw new AppError(`Several services of this swarm are called ${service} in their stacks.`, {
    exitCode: exitCodes.refused,
    details: ['Its name would mean either of them.'],
    hint: `write into the config, under environments.${name}: service: ${nameOf(found)}, or ${nameOf(other)}`,
  })
}

/** As its spec has it, with the digest that `docker stack deploy` found. */
export const readServiceImage = ({ Spec }: Service): string =>
  (Spec?.TaskTemplate as { ContainerSpec?: { Image?: string } } | undefined)?.ContainerSpec?.Image ?? ''

const replicasOf = ({ Spec }: Service): number => Number(Spec?.Mode?.Replicated?.Replicas ?? 1)

const explainAbsence = (environment: Environment, service: Service, tasks: readonly Task[]): AppError => {
  const name = nameOf(service)
  const [newest] = tasks
  const why = newest ? `its task is ${describeTask(newest)}` : 'it has no task'
  const scaled = replicasOf(service) === 0
  return unreachable(
    `Postgres of ${environment.name} is not running: the service ${name} ${scaled ? 'has 0 replicas' : `runs nowhere, ${why}`}.`,
    scaled ? `docker service scale ${name}=1` : `docker service ps --no-trunc ${name}`,
  )
}

const severalFound = (name: string, running: readonly Task[]): AppError =>
  new AppError(`The service ${name} has ${running.length} tasks that run.`, {
    exitCode: exitCodes.refused,
    details: ['Each would be a Postgres of its own: which is meant is not known.'],
    hint: `docker service scale ${name}=1`,
  })

const networkOf = (task: Task, name: string, { network }: Environment): string => {
  const attached = (task.NetworksAttachments ?? []).map(({ Network }) => Network.Spec)
  const usable = attached.filter(({ Ingress }) => !Ingress).map((spec) => spec.Name)
  const found = network ? usable.find((one) => one === network) : usable[0]
  if (found) return found
  throw unreachable(
    network
      ? `The service ${name} is not on the network ${network}.`
      : `The service ${name} is on no network of its own, where others could reach it.`,
    `docker service update --network-add ${network || 'NETWORK'} ${name}`,
    usable.length > 0 ? [`It is on ${usable.join(', ')}; network: in the config says which.`] : [],
  )
}

const poll = 250
/** Milliseconds in which a swarm makes a new task for one that ended; a manager that has just come back takes its time for that. */
const followsWithin = 5000

/** As soon as there is one: what moves to another node is nowhere for a moment. */
const awaitTask = async (
  docker: Docker,
  { environment, service, onWait }: FindOptions & { service: Service },
): Promise<Task> => {
  const begun = performance.now()
  for (const deadline = begun + environment.wait * 1000; ; ) {
    const tasks = await listTasks(docker, service.ID)
    const running = tasks.filter((task) => isRunning(task) && task.DesiredState === 'running')
    const [found, other] = running
    if (other) throw severalFound(nameOf(service), running)
    if (found) return found
    const left = deadline - performance.now()
    const follows = replicasOf(service) > 0 && performance.now() - begun < followsWithin
    if (left <= 0 || !(follows || tasks.some(isComing))) throw explainAbsence(environment, service, tasks)
    onWait(Math.ceil(left / 1000), 'start')
    await sleep(poll)
  }
}

export type FindOptions = { environment: Environment; onWait: (seconds: number, why: Waiting) => void }

/**
 * Finds the one task in which the environment's Postgres runs.
 * @throws AppError (exit 6): no such service, none of its tasks runs within `wait`, not on the network that is named;
 * (exit 4): several services, or several tasks, could be meant.
 */
export const findPostgresTask = async (docker: Docker, options: FindOptions): Promise<PostgresTask> => {
  const { environment } = options
  const service = await findService(docker, environment)
  const task = await awaitTask(docker, { ...options, service })
  return {
    service: nameOf(service),
    image: readServiceImage(service),
    node: task.NodeID ?? '',
    container: task.Status.ContainerStatus?.ContainerID ?? '',
    network: networkOf(task, nameOf(service), environment),
  }
}
