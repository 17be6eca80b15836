import { setTimeout as sleep } from 'node:timers/promises'
import { docker } from '../engine/docker.ts'
import { killDaemon } from './engine.ts'
import { dbmateContainer } from './moments.ts'
import type { ToolProcess } from './run.ts'
import type { ContainerWorld, FaultWorld } from './world.ts'

/** Strikes; what is answered brings the world back. */
export type Fault<World extends FaultWorld = ContainerWorld> = {
  strike: (world: World, tool: ToolProcess) => Promise<() => Promise<void>>
  /** Postgres on a disk that can be filled. */
  smallDisk?: boolean
}

const outage = 6000
const nothing = async (): Promise<void> => {}

export const faults = {
  'SIGKILL of the orchestrator': {
    strike: async (_: FaultWorld, tool: ToolProcess) => {
      tool.kill()
      return nothing
    },
  },
  'SIGKILL of the dbmate container': {
    strike: async (world: FaultWorld) => {
      await world.docker('kill', await dbmateContainer(world))
      return nothing
    },
  },
  'SIGKILL of Postgres': {
    strike: async ({ postgres, ready }) => {
      await docker(['kill', postgres])
      return async () => {
        await docker(['start', postgres])
        await ready()
      }
    },
  },
  'SIGKILL of dockerd': {
    strike: async ({ postgres, ready }) => {
      const restart = await killDaemon()
      return async () => {
        await restart()
        await docker(['start', postgres])
        await ready()
      }
    },
  },
  /** For seconds, while the run goes on. */
  'network cut': {
    strike: async ({ network, postgres, ready }) => {
      await docker(['network', 'disconnect', network, postgres])
      await sleep(outage)
      await docker(['network', 'connect', '--alias', 'postgres', network, postgres])
      await ready()
      return nothing
    },
  },
  /** Until the run has given up. */
  'network lost': {
    strike: async ({ network, postgres, ready }) => {
      await docker(['network', 'disconnect', network, postgres])
      return async () => {
        await docker(['network', 'connect', '--alias', 'postgres', network, postgres])
        await ready()
      }
    },
  },
  'paused Postgres': {
    strike: async ({ postgres }) => {
      await docker(['pause', postgres])
      await sleep(outage)
      await docker(['unpause', postgres])
      return nothing
    },
  },
  'full disk': {
    smallDisk: true,
    strike: async ({ keeper = '', postgres, ready }) => {
      await docker(['exec', keeper, 'sh', '-c', 'cat /dev/zero >/data/filler; true'])
      return async () => {
        await docker(['exec', keeper, 'rm', '/data/filler'])
        await docker(['start', postgres])
        await ready()
      }
    },
  },
} satisfies Record<string, Fault>

export type FaultName = keyof typeof faults
