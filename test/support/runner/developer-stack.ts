import { execFileSync } from 'node:child_process'
import type { TestProject } from 'vitest/node'
import { postgresImage } from '../engine/images.ts'

declare module 'vitest' {
  // biome-ignore lint/style/useConsistentTypeDefinitions: merging into vitest's declaration needs an interface
  export interface ProvidedContext {
    /** What stood on the engine before the first test, one line an object. */
    before: string[]
    hasDeveloperStack: boolean
  }
}

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim()

const lines = (text: string): string[] => text.split('\n').filter(Boolean)

/** Containers, volumes and networks by identity; a container that was restarted or a volume that was re-made differs. */
export const takeInventory = (): string[] => {
  const containers = lines(docker('ps', '--all', '--quiet', '--no-trunc'))
  const volumes = lines(docker('volume', 'ls', '--quiet'))
  return [
    ...(containers.length > 0
      ? lines(
          docker(
            'inspect',
            '--format',
            'container {{.Name}} {{.Id}} {{.State.Status}} {{.State.StartedAt}}',
            ...containers,
          ),
        )
      : []),
    ...(volumes.length > 0
      ? lines(docker('volume', 'inspect', '--format', 'volume {{.Name}} {{.CreatedAt}}', ...volumes))
      : []),
    ...lines(docker('network', 'ls', '--no-trunc', '--format', 'network {{.Name}} {{.ID}}')),
  ]
}

/** The names of the decision record, as on a developer's laptop. */
export const developer = {
  container: 'po-dev-postgres-1',
  volume: 'po-postgres-data',
  network: 'po-postgres-network',
}

const exists = (kind: 'container' | 'network', name: string): boolean => {
  try {
    execFileSync('docker', [kind, 'inspect', name], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const startDeveloperStack = (): void => {
  const { container, volume, network } = developer
  if (!exists('network', network)) docker('network', 'create', network)
  docker('volume', 'create', volume)
  const labels = [
    '--label',
    'com.docker.compose.project=po-dev',
    '--label',
    'com.docker.compose.service=postgres',
  ]
  const mount = ['--volume', `${volume}:/var/lib/postgresql/data`]
  docker(
    'run',
    '--detach',
    '--name',
    container,
    '--network',
    network,
    '--env',
    'POSTGRES_PASSWORD=postgres',
    ...labels,
    ...mount,
    postgresImage,
  )
  docker('exec', container, 'bash', '-c', 'until pg_isready --quiet --host "$HOSTNAME"; do sleep 0.2; done')
  docker(
    'exec',
    container,
    'psql',
    '-U',
    'postgres',
    '-c',
    "create table precious as select 'a week of work' as data",
  )
}

const removeDeveloperStack = (): void => {
  docker('rm', '--force', developer.container)
  docker('volume', 'rm', developer.volume)
  docker('network', 'rm', developer.network)
}

/**
 * Before the first test: in an engine that the project's own script started, a developer's running stack under the
 * record's names; in somebody's engine nothing is added. Either way everything that stands there is written down.
 */
export const setup = (project: TestProject): (() => void) => {
  const owned = process.env.PO_ENGINE_OWNED === '1' && !exists('container', developer.container)
  if (owned) startDeveloperStack()
  project.provide('before', takeInventory())
  project.provide('hasDeveloperStack', owned)
  return () => {
    if (owned) removeDeveloperStack()
  }
}
