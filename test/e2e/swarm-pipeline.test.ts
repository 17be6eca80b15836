import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { docker } from '../support/engine/docker.ts'
import { standInImage } from '../support/engine/images.ts'
import { startRegistry, type TestRegistry } from '../support/engine/registry.ts'
import {
  deployPostgres,
  type StackPostgres,
  type Swarm,
  stackPassword,
  startSwarm,
} from '../support/engine/swarm.ts'
import type { CommandResult } from '../support/machines/checkout.ts'
import { deployEnv, deployVariables, installGitlab, runGitlab, stepsIn } from '../support/machines/gitlab.ts'
import { type ReleaseHost, startReleaseHost } from '../support/machines/release-host.ts'

const job = 'deploy-swarm'
const stack = 'shop'
const calendar = 'infrastructure/migrations/calendar'
const pushed: string[] = []
const open = new AsyncDisposableStack()
let swarm: Swarm
let postgres: StackPostgres
let registry: TestRegistry
let host: ReleaseHost

/** What a platform writes that goes to a swarm: the job, the environment, the stack. */
const toSwarm = (): Record<string, string> => {
  const read = (file: string): string => readFileSync(join(host.clone.directory, file), 'utf8')
  const config = parse(read('infrastructure/migrate.yaml'))
  const { network: _, ...qual } = config.environments.qual
  config.environments.qual = { ...qual, engine: 'swarm', service: postgres.service }
  const deploySwarm = {
    ...{ extends: '.deploy_stack', environment: { name: 'qual' } },
    // What fails is to fail in the databases themselves.
    variables: { STACK: 'swarm', STACK_NAME: stack, MIGRATE_ARGS: '--no-rehearse' },
  }
  const password = stackPassword.replaceAll('$', '$$$$')
  const app = {
    image: '$REGISTRY/calendar-service:$IMAGE_TAG',
    environment: {
      ...{ PGHOST: 'postgres', PGUSER: 'postgres', PGDATABASE: 'calendar_qual', SCHEMA_VERSION: '00011' },
      POSTGRES_PASSWORD: password,
    },
    deploy: {
      ...{ endpoint_mode: 'dnsrr', placement: { constraints: ['node.role==manager'] } },
      update_config: { order: 'start-first', failure_action: 'rollback', monitor: '3s' },
    },
    networks: ['data'],
  }
  const networks = { data: { name: postgres.network, external: true } }
  return {
    'infrastructure/migrate.yaml': stringify(config),
    'infrastructure/compose/swarm.yml': stringify({ version: '3.8', services: { app }, networks }),
    '.gitlab-ci.yml': `${read('.gitlab-ci.yml')}\n${stringify({ [job]: deploySwarm })}`,
  }
}

/** What the build of the application would have pushed for a commit. */
const pushImage = async (commit: string): Promise<void> => {
  const image = `${registry.address}/po/calendar-service:${commit}`
  await docker(['tag', standInImage, image])
  pushed.push(image)
  await docker(['push', image], { env: { DOCKER_CONFIG: registry.configs.login } })
}

const runJob = (): Promise<CommandResult> =>
  runGitlab([job], {
    cwd: host.clone.directory,
    env: deployEnv(),
    variables: deployVariables(host, registry),
  })

beforeAll(async () => {
  await installGitlab()
  swarm = open.use(await startSwarm())
  postgres = await deployPostgres(swarm, { on: 'worker', stack: 'data' })
  registry = open.use(await startRegistry())
  open.use(await swarm.forward(Number(registry.address.split(':')[1])))
  host = open.use(await startReleaseHost({ engine: swarm.manager.env.DOCKER_HOST ?? '' }))
  const shared = join(host.releases, 'shared/.env.shared')
  writeFileSync(shared, `POSTGRES_PASSWORD='${stackPassword.replaceAll("'", "\\'")}'\n`)
})
afterAll(async () => {
  await open.disposeAsync()
  for (const image of pushed) await docker(['image', 'rm', '--force', image])
})

/** By which the job's log tells of its steps. */
const signs = {
  sync: /> release [0-9a-f]{40} of \w+: ssh:/,
  login: /Login Succeeded/,
  pull: /\$ \S+on-host\.sh docker compose --file \S+ pull --quiet/,
  migrate: /qual: \d+ migrations? applied|\.sql failed/,
  current: /> current release of \w+: [0-9a-f]{40}/,
  stack: /> deploy-stack: 1 services of shop run as/,
  status: /\$ \S+on-host\.sh \S+po-migrate status \S+ --exit-code/,
}

const image = (): Promise<string> =>
  swarm.manager.docker(
    ...['service', 'inspect', `${stack}_app`],
    ...['--format', '{{.Spec.TaskTemplate.ContainerSpec.Image}} {{.Version.Index}}'],
  )

describe('a job that extends .deploy_stack', () => {
  let running: string

  it('syncs, logs in, pulls, migrates, switches, deploys the stack and checks, in this order', async () => {
    const commit = host.commit(toSwarm())
    await pushImage(commit)
    const { exit, all } = await runJob()
    expect(exit, all).toBe(0)
    expect(stepsIn(all, signs)).toEqual(['sync', 'login', 'pull', 'migrate', 'current', 'stack', 'status'])
    running = await image()
    expect(running).toContain(`${registry.address}/po/calendar-service:${commit}@sha256:`)
    expect(await postgres.psql('calendar_qual', 'select max(version) from schema_migrations')).toBe('00011')
    expect(readFileSync(join(host.clone.directory, 'reports/migrations.xml'), 'utf8')).toContain(
      'tests="7" failures="0"',
    )
    for (const secret of [stackPassword, registry.login.password]) expect(all).not.toContain(secret)
    expect(await swarm.leftovers()).toEqual([])
  })

  it('ends before the migration where an image is missing', async () => {
    host.commit({ [`${calendar}/00012_next.sql`]: '-- migrate:up\nselect 1;\n\n-- migrate:down\n' })
    const { exit, all } = await runJob()
    expect(exit).not.toBe(0)
    expect(stepsIn(all, signs)).toEqual(['sync', 'login', 'pull'])
    expect(await image()).toBe(running)
  })

  it('leaves the services at their image where the migration fails', async () => {
    const broken = '-- migrate:up\nselect colour from nowhere;\n\n-- migrate:down\n'
    await pushImage(host.commit({ [`${calendar}/00012_next.sql`]: broken }))
    const { exit, all } = await runJob()
    expect(exit).not.toBe(0)
    expect(all).toContain('00012_next.sql failed at line 2')
    expect(stepsIn(all, signs)).toEqual(['sync', 'login', 'pull', 'migrate'])
    expect(await image()).toBe(running)
    expect(await swarm.leftovers()).toEqual([])
  })
})
