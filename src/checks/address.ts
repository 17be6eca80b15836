import { hasImage } from '../io/docker/image.ts'
import type { Engine } from '../io/engine.ts'
import { requireShared } from '../io/shared-engine.ts'
import type { Check } from './check.ts'

/** Whether dbmate, as a process of this machine, gets to the server. */
export const nativeChecks = (engine: () => Promise<Engine>): Check[] => [
  {
    title: 'dbmate',
    needs: 'postgres',
    run: async () => {
      const { openDbmate, dbmateVersion } = await engine()
      await using _dbmate = await openDbmate([])
      return `${await dbmateVersion?.()}, reaches the same server`
    },
  },
]

/** Of a server that is no container here: whether the containers that work on it get there. */
export const addressChecks = (engine: () => Promise<Engine>): Check[] => [
  {
    title: 'dbmate',
    needs: 'postgres',
    run: async () => {
      await using _dbmate = await (await engine()).openDbmate([])
      return 'reaches the same server from its container'
    },
  },
  {
    title: 'backup tools',
    needs: 'postgres',
    run: async () => {
      const { docker, tools, toolsImage } = requireShared(await engine()).shared
      const image = await toolsImage()
      if (!(await hasImage(docker, image)))
        return {
          warning: `${image} is not here yet (the next backup pulls it)`,
          remedy: `docker pull ${image}`,
        }
      await tools()
      return `pg_dump of ${image}`
    },
  },
]
