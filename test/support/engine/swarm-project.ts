import { makeProject, type Project, type Store } from '../tool/project.ts'
import type { StackPostgres } from './swarm.ts'

type Given = { store: Store; environment?: object }

/** A project whose environment `dev` is a service of a swarm; what it is given as undefined is left out. */
export const makeSwarmProject = (
  { service, password }: Pick<StackPostgres, 'service' | 'password'>,
  { store, environment = {} }: Given,
): Project =>
  makeProject({
    network: '',
    password: password.replaceAll("'", "\\'"),
    store,
    edit: (config) => {
      config.state = '../state'
      const { network: _, ...dev } = config.environments.dev
      config.environments = { dev: { ...dev, engine: 'swarm', service, ...environment } }
    },
  })
