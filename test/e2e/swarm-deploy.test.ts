import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { type CommandResult, eventually, run } from '../support/engine/docker.ts'
import { standInImage } from '../support/engine/images.ts'
import { postgresService, type Swarm, stackPassword, startSwarm } from '../support/engine/swarm.ts'
import { makeSwarmProject } from '../support/engine/swarm-project.ts'
import { root } from '../support/root.ts'
import { migration, type Project } from '../support/tool/project.ts'

const stack = 'shop'
let swarm: Swarm
let where: Project
beforeAll(async () => {
  swarm = await startSwarm()
  for (const node of [swarm.manager, swarm.worker])
    for (const tag of ['v1', 'v2', 'v3']) await node.docker('tag', standInImage, `stand-in:${tag}`)
  where = makeSwarmProject(
    { service: `${stack}_postgres`, password: stackPassword },
    { store: { shop: { '00001_a.sql': migration('create table a (id int);') } } },
  )
})
afterAll(async () => {
  where[Symbol.dispose]()
  await swarm[Symbol.asyncDispose]()
})

/** Asks by the service's name, as its callers do; one line an answer. */
const loop = `const say = (word) => { console.log(word); setTimeout(ask, 50) }
const ask = () => require('http')
  .get('http://app:8080/healthz', { agent: false, timeout: 5000 }, (r) => r.resume().once('end', () => say(r.statusCode === 200 ? 'good' : 'bad')))
  .once('timeout', function () { this.destroy() }).once('error', () => say('bad'))
ask()`

const health = `fetch('http://127.0.0.1:8080/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`

const compose = (services: object): string =>
  stringify({
    version: '3.8',
    services: { postgres: postgresService('manager'), ...services },
    volumes: { data: {} },
  })

/** What `.deploy_stack` does, without the ssh: each line's exit code ends it. */
const deploy = (env: Record<string, string>): Promise<CommandResult> => {
  const script = `set -e
node "$ROOT/dist/po-migrate.cjs" up dev
"$ROOT/infrastructure/scripts/deploy-stack.sh" ${stack} compose.yml
node "$ROOT/dist/po-migrate.cjs" status dev --exit-code`
  return run('bash', ['-c', script], {
    cwd: where.directory,
    env: {
      ...swarm.manager.env,
      ROOT: root,
      DEPLOY_TIMEOUT: '90',
      ...env,
    },
  })
}

const images = async (): Promise<string[]> =>
  (
    await swarm.manager.docker(
      'service',
      'ps',
      '--filter',
      'desired-state=running',
      '--format',
      '{{.Image}} {{.CurrentState}}',
      `${stack}_app`,
    )
  )
    .split('\n')
    .map((line) => line.split(' ').slice(0, 2).join(' '))

/** Answers so far: those that were good, and the others. */
const asked = async (): Promise<{ good: number; bad: number }> => {
  const log = await swarm.manager.docker('service', 'logs', '--raw', `${stack}_caller`)
  const lines = log.split('\n')
  return {
    good: lines.filter((line) => line === 'good').length,
    bad: lines.filter((line) => line === 'bad').length,
  }
}

describe('a stack on a swarm', () => {
  it('is migrated, then rolled forward while every request is answered; a broken migration leaves it as it was', {
    timeout: 240_000,
  }, async () => {
    where.write('compose.yml', compose({}))
    const scripts = join(root, 'infrastructure/scripts')
    const first = await run(join(scripts, 'deploy-stack.sh'), [stack, 'compose.yml'], {
      cwd: where.directory,
      env: swarm.manager.env,
    })
    expect(first).toMatchObject({ exit: 0, stderr: expect.stringContaining('1 services of shop run as') })
    const app = {
      image: 'stand-in:$IMAGE_TAG',
      environment: {
        ...{
          PGHOST: 'postgres',
          PGUSER: 'postgres',
          PGDATABASE: 'shop',
          SCHEMA_VERSION: '$SCHEMA_VERSION',
        },
        POSTGRES_PASSWORD: stackPassword.replaceAll('$', '$$$$'),
      },
      healthcheck: {
        test: ['CMD', 'node', '-e', health],
        interval: '1s',
        timeout: '5s',
        retries: 3,
        start_period: '5s',
      },
      stop_grace_period: '10s',
      deploy: {
        replicas: 2,
        endpoint_mode: 'dnsrr',
        update_config: { order: 'start-first', failure_action: 'rollback', monitor: '3s' },
      },
    }
    const caller = {
      image: standInImage,
      entrypoint: ['node', '-e', loop],
      // The image's own would ask for a server.
      healthcheck: { disable: true },
      deploy: { endpoint_mode: 'dnsrr', placement: { constraints: ['node.role==manager'] } },
    }
    where.write('compose.yml', compose({ app, caller }))
    const begun = await deploy({ IMAGE_TAG: 'v1', SCHEMA_VERSION: '00001' })
    expect(begun.stderr).not.toMatch(/✖|deploy-stack: shop_/)
    expect(begun.exit).toBe(0)
    // A caller that came before the service has bad answers of its own.
    await eventually('a good answer', async () => (await asked()).good > 5 || undefined)
    const before = await asked()
    where.migrations({ shop: { '00002_b.sql': migration('create table b (id int);') } })
    const rolled = await deploy({ IMAGE_TAG: 'v2', SCHEMA_VERSION: '00002' })
    expect(rolled.stderr).not.toMatch(/✖|deploy-stack: shop_/)
    expect(rolled.exit).toBe(0)
    expect(await images()).toEqual(['stand-in:v2 Running', 'stand-in:v2 Running'])
    const after = await asked()
    expect(after.good).toBeGreaterThan(before.good + 20)
    expect(after.bad - before.bad).toBe(0)

    const version = () =>
      swarm.manager.docker('service', 'inspect', '--format', '{{.Version.Index}}', `${stack}_app`)
    const untouched = await version()
    where.migrations({ shop: { '00003_broken.sql': migration('create table b (id int);') } })
    const broken = await deploy({ IMAGE_TAG: 'v3', SCHEMA_VERSION: '00003' })
    expect(broken).toMatchObject({ exit: 1, stderr: expect.stringContaining('00003_broken.sql failed') })
    expect(await images()).toEqual(['stand-in:v2 Running', 'stand-in:v2 Running'])
    expect(await version()).toBe(untouched)

    // A release whose code does not come up: the swarm takes it back, and the job is red.
    where.migrations({ shop: { '00003_broken.sql': migration('create table c (id int);') } })
    const takenBack = await deploy({ IMAGE_TAG: 'v3', SCHEMA_VERSION: '09999' })
    expect(takenBack.stderr).toContain('shop_app was rolled back: it runs what it ran before')
    expect(takenBack.exit).toBe(1)
    expect(await images()).toEqual(['stand-in:v2 Running', 'stand-in:v2 Running'])
    expect((await asked()).bad - before.bad).toBe(0)
    expect(await swarm.leftovers()).toEqual([])
  })
})

describe('.deploy_stack', () => {
  it('does what the template of one machine does, but for how it deploys', () => {
    const jobs = parse(readFileSync(join(root, '.gitlab-ci/infrastructure.yml'), 'utf8'), {
      logLevel: 'error',
    })
    const steps = (name: string): string[] =>
      jobs[name].script.map((line: string) =>
        line.replace(/deploy-stack\.sh .*|docker compose .* up .*/, 'DEPLOY'),
      )
    expect(steps('.deploy_stack')).toEqual(
      steps('.ssh_deploy_template').map((line) =>
        line.replace('on-host.sh DEPLOY', 'on-host.sh infrastructure/scripts/DEPLOY'),
      ),
    )
  })
})
