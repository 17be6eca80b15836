import { spawn } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventDocument } from '../../src/report/run-documents.ts'
import { docker, eventually } from '../support/engine/docker.ts'
import { standInImage } from '../support/engine/images.ts'
import { startRegistry, type TestRegistry } from '../support/engine/registry.ts'
import { needTool } from '../support/machines/apt.ts'
import type { CommandResult } from '../support/machines/checkout.ts'
import { deployEnv, deployVariables, installGitlab, runGitlab, stepsIn } from '../support/machines/gitlab.ts'
import { type ReleaseHost, startReleaseHost } from '../support/machines/release-host.ts'
import { closeGate } from '../support/postgres/gate.ts'

let host: ReleaseHost
let registry: TestRegistry
beforeAll(async () => {
  await installGitlab()
  // The host has what is on the PATH when it is made.
  await needTool('tcsh', 'tcsh')
  registry = await startRegistry()
  host = await startReleaseHost()
})
afterAll(async () => {
  await host[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
  for (const image of pushed) await docker(['image', 'rm', '--force', image])
})

const services = ['iam-service', 'calendar-service', 'ai-service']
const pushed: string[] = []

/** What the build of the application would have pushed for a commit. */
const pushImages = async (commit: string): Promise<void> => {
  for (const name of services) {
    const image = `${registry.address}/po/${name}:${commit}`
    await docker(['tag', standInImage, image])
    await docker(['push', image], { env: { DOCKER_CONFIG: registry.configs.login } })
    pushed.push(image)
    await docker(['image', 'rm', image])
  }
}

const calendar = 'infrastructure/migrations/calendar'
const release = (environment: string, commit: string): string =>
  join(host.releases, environment, 'releases', commit)
const currentOf = (environment: string): string => readlinkSync(join(host.releases, environment, 'current'))

const containersOf = (project: string): Promise<string> =>
  docker([
    'ps',
    '--no-trunc',
    '--format',
    '{{.Names}} {{.ID}} {{.Status}}',
    '--filter',
    `label=com.docker.compose.project=${project}`,
  ])

const idsOf = async (project: string): Promise<string[]> =>
  (await containersOf(project))
    .split('\n')
    .map((line) => line.split(' ').slice(0, 2).join(' '))
    .sort()

/** Every command line of this machine while something runs: where a secret would be seen by anybody. */
const watchCommandLines = () => {
  const seen = new Set<string>()
  let watching = true
  const look = async (): Promise<void> => {
    while (watching) {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
        try {
          seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
        } catch {
          // It has ended.
        }
      await sleep(40)
    }
  }
  const done = look()
  return async (): Promise<string[]> => {
    watching = false
    await done
    return [...seen]
  }
}

type Pipeline = CommandResult & { commands: string[] }

const gitlab = async (...args: string[]): Promise<Pipeline> => {
  rmSync(join(host.clone.directory, 'reports'), { recursive: true, force: true })
  const stop = watchCommandLines()
  const result = await runGitlab(args, {
    cwd: host.clone.directory,
    env: deployEnv(),
    variables: deployVariables(host, registry),
  })
  return { ...result, commands: await stop() }
}

/** By which the job's log tells of the steps of a deploy. */
const signs = {
  sync: /> release [0-9a-f]{40} of \w+: ssh:/,
  pull: /\$ \S+on-host\.sh docker compose --file \S+ pull --quiet/,
  migrate: /> on \S+: commit [0-9a-f]{12}, po-migrate/,
  current: /> current release of \w+: [0-9a-f]{40}/,
  up: /\$ \S+on-host\.sh docker compose --file \S+ up -d --wait/,
  status: /\$ \S+on-host\.sh \S+po-migrate status \S+ --exit-code/,
}

const readReport = (name: string): string => readFileSync(join(host.clone.directory, 'reports', name), 'utf8')

let first: string

describe('a host without Node', () => {
  it('gets a release with the pinned Node beside it, once', async () => {
    first = host.git('rev-parse', 'HEAD')
    const { exit, all, stdout } = await host.run('infrastructure/scripts/release.sh sync prod')
    expect(exit, all).toBe(0)
    expect(stdout).toBe(release('prod', first))
    expect(all).toContain('no Node there: bringing v24.')
    expect(readFileSync(join(release('prod', first), 'REVISION'), 'utf8')).toBe(`${first}\n`)
    expect(readlinkSync(join(release('prod', first), 'dist/node'))).toContain(
      join(host.releases, 'node/v24.'),
    )
    const again = await host.run('infrastructure/scripts/release.sh sync qual')
    expect(again.exit, again.all).toBe(0)
    expect(again.all).not.toContain('bringing')
  })

  it('runs verbs from ENV/current, the one of prod for its own stack', async () => {
    const before = await host.run('infrastructure/scripts/po-migrate start vps')
    expect(before.exit).toBe(2)
    expect(before.all).toContain(`There is no po-migrate in ${host.releases}/prod/current`)
    expect(await host.run('infrastructure/scripts/release.sh activate prod')).toMatchObject({ exit: 0 })
    expect(currentOf('prod')).toBe(`releases/${first}`)
    const started = await host.run('infrastructure/scripts/po-migrate start vps')
    expect(started.exit, started.all).toBe(0)
    expect(started.all).toContain(
      `commit ${first.slice(0, 12)}, po-migrate 0.1.0, in ${release('prod', first)}`,
    )
    const mounts = await docker([
      'inspect',
      '--format',
      '{{json .HostConfig}}',
      `${host.clone.names.PO_SHARED_PROJECT}-postgres-1`,
    ])
    // A release that is cleared away must not take the mount of a running container with it.
    expect(mounts).toContain(join(host.releases, 'prod/current/infrastructure/scripts'))
  })

  it('is delivered to by make, and asked by make', async () => {
    const { exit, all } = await host.run('make db-status-prod')
    expect(exit, all).toBe(0)
    expect(all).toContain('iam_prod')
  })

  it('that is down is 6, and nothing is delivered', async () => {
    const { exit, all } = await host.run('infrastructure/scripts/release.sh sync qual', {
      PO_VPS_SSH: 'ssh://root@127.0.0.1:1',
    })
    expect(exit, all).toBe(6)
    expect(all).toContain('Nothing was touched')
  })

  it('says so when a bundle is not of its release', async () => {
    const { exit, all } = await host.run(
      `echo '${'0'.repeat(40)}' >dist/REVISION; infrastructure/scripts/release.sh sync qual; code=$?; echo '${first}' >dist/REVISION; exit $code`,
    )
    expect(exit).toBe(2)
    expect(all).toContain('npm ci && npm run build')
  })
})

describe('deploy-qual', () => {
  it('syncs, pulls, migrates, switches, starts and checks, in this order', async () => {
    await pushImages(first)
    const { exit, all, commands } = await gitlab('deploy-qual')
    expect(exit, all).toBe(0)
    expect(stepsIn(all, signs)).toEqual(['sync', 'pull', 'migrate', 'current', 'up', 'status'])
    expect(all).toContain('environment qual: migrates qual')
    expect(all).toMatch(/qual: 7 migrations applied/)
    expect(currentOf('qual')).toBe(`releases/${first}`)
    expect(readFileSync(join(host.releases, 'shared/.env.qual'), 'utf8')).toBe(
      `REGISTRY=${registry.address}/po\nIMAGE_TAG=${first}\n`,
    )
    expect((await containersOf(host.clone.names.PO_QUAL_PROJECT ?? '')).match(/\(healthy\)/g)).toHaveLength(3)
    expectNoSecret(all, commands)
  })

  it('leaves the events and a JUnit case for each migration', () => {
    const events = readReport('migrations.ndjson')
      .trim()
      .split('\n')
      .map((line) => eventDocument.parse(JSON.parse(line)))
    expect(events[0]).toMatchObject({ event: 'run.started', environment: 'qual' })
    expect(events.at(-1)).toMatchObject({ event: 'run.finished', exit: 0 })
    expect(readReport('migrations.xml')).toContain(
      '<testsuite name="up qual" tests="7" failures="0" skipped="0"',
    )
  })

  it('is asked about from a laptop, which goes to the release that runs', async () => {
    const { exit, stdout, all } = await host.run('infrastructure/scripts/po-migrate status qual --exit-code')
    expect(exit, all).toBe(0)
    expect(stdout).toContain('calendar_qual  5 applied')
    expect(all).toContain(release('qual', first))
  })
})

const expectNoSecret = (log: string, commands: readonly string[]): void => {
  const secrets = [host.password, registry.login.password, 'OPENSSH PRIVATE KEY']
  const artifacts = readdirSync(join(host.clone.directory, 'reports')).map(readReport)
  for (const secret of secrets)
    for (const text of [log, ...commands, ...artifacts]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(encodeURIComponent(secret))
    }
}

/** Asks a service again and again, as its users do. */
const askService = (address: string) => {
  let asked = 0
  let failures = 0
  let asking = true
  const loop = async (): Promise<void> => {
    while (asking) {
      asked++
      const ok = await fetch(`http://${address}:8080/`, { signal: AbortSignal.timeout(10_000) }).then(
        ({ status }) => status === 200,
        () => false,
      )
      if (!ok) failures++
      await sleep(50)
    }
  }
  const done = loop()
  return async (): Promise<{ asked: number; failures: number }> => {
    asking = false
    await done
    return { asked, failures }
  }
}

describe('a deploy whose migration fails', () => {
  it('never reaches compose up: the same containers go on, without one failed request', async () => {
    const project = host.clone.names.PO_QUAL_PROJECT ?? ''
    const before = await idsOf(project)
    expect(before).toHaveLength(3)
    const commit = host.commit({
      [`${calendar}/00012_broken.sql`]: '-- migrate:up\nselect colour from nowhere;\n\n-- migrate:down\n',
    })
    await pushImages(commit)
    const address = await docker([
      'inspect',
      '--format',
      '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
      `${project}-calendar-service-1`,
    ])
    const stop = askService(address)
    const { exit, all, commands } = await gitlab('deploy-qual')
    const { asked, failures } = await stop()
    expect(exit).not.toBe(0)
    expect(stepsIn(all, signs)).toEqual(['sync', 'pull', 'migrate'])
    expect(all).toContain('calendar_qual: 00012_broken.sql failed at line 2')
    expect(all).toContain('exit 1 of: bash infrastructure/scripts/migrate.sh qual')
    expect(all).toContain(`cd ${release('qual', commit).replaceAll(' ', '\\ ')}`)
    expect(await idsOf(project)).toEqual(before)
    expect(currentOf('qual')).toBe(`releases/${first}`)
    expect(readFileSync(join(host.releases, 'shared/.env.qual'), 'utf8')).toContain(first)
    expect(failures).toBe(0)
    expect(asked).toBeGreaterThan(20)
    expect(readReport('migrations.xml')).toMatch(
      /name="rehearse".*<failure message=".*00012_broken\.sql.*nowhere/,
    )
    expectNoSecret(all, commands)
  })

  it('goes through once the file is right', async () => {
    const commit = host.commit({
      [`${calendar}/00012_broken.sql`]: '-- migrate:up\ncreate table mended (id int);\n\n-- migrate:down\n',
    })
    await pushImages(commit)
    const { exit, all } = await gitlab('deploy-qual')
    expect(exit, all).toBe(0)
    expect(currentOf('qual')).toBe(`releases/${commit}`)
    // prod is asked from its own release, which does not know the file.
    const { stdout } = await host.run('infrastructure/scripts/po-migrate plan prod --json')
    expect(stdout).not.toContain('00012_broken.sql')
  })
})

describe('deploy-prod', () => {
  it('waits for somebody: no pipeline starts it by itself', async () => {
    const { stdout } = await gitlab('--list-json')
    const jobs: { name: string; when: string; allow_failure: boolean }[] = JSON.parse(
      stdout.slice(stdout.indexOf('[')),
    )
    const prod = jobs.find(({ name }) => name === 'deploy-prod')
    expect(prod).toMatchObject({ when: 'manual', allow_failure: false })
    expect(jobs.find(({ name }) => name === 'deploy-qual')).toMatchObject({ when: 'on_success' })
    expect(jobs.find(({ name }) => name === 'db-cutover-vps')).toMatchObject({ when: 'never' })
    // Wanted most where a deploy failed.
    expect(jobs.find(({ name }) => name === 'report-page')).toMatchObject({ when: 'always' })
  })

  it('started by hand carries the confirmation itself', async () => {
    const { exit, all, commands } = await gitlab('deploy-prod')
    expect(exit, all).toBe(0)
    expect(all).toContain('environment production: migrates prod')
    expect(stepsIn(all, signs)).toEqual(['sync', 'pull', 'migrate', 'current', 'up', 'status'])
    expect(all).toMatch(/prod: 8 migrations applied/)
    expect((await containersOf(host.clone.names.PO_PROD_PROJECT ?? '')).match(/\(healthy\)/g)).toHaveLength(3)
    expectNoSecret(all, commands)
  })
})

describe('a job that is cancelled in mid-migration', () => {
  it('lets the running file end on the host, and starts no other', async () => {
    await using gate = await closeGate(await host.postgres())
    host.commit({
      [`${calendar}/00020_slow.sql`]: `-- migrate:up\n${gate.sql}\n\n-- migrate:down\n`,
      [`${calendar}/00021_next.sql`]: '-- migrate:up\nselect 1;\n\n-- migrate:down\n',
    })
    expect(await host.run('infrastructure/scripts/release.sh sync qual')).toMatchObject({ exit: 0 })
    const script = 'infrastructure/scripts/on-host.sh --control bash infrastructure/scripts/migrate.sh qual'
    const job = spawn('bash', ['-c', script], {
      cwd: host.clone.directory,
      env: { ...process.env, ...host.env, MIGRATE_ENV: 'qual' },
      stdio: 'ignore',
      detached: true,
    })
    const ended = new Promise((resolve) => job.once('exit', resolve))
    await gate.reached()
    // As a runner ends a job's container: the whole group, without a word.
    process.kill(-(job.pid ?? 0), 'SIGKILL')
    await ended
    await gate.open()
    const versions = () =>
      host.psql(
        'calendar_qual',
        "select string_agg(version, ' ') from schema_migrations where version > '00019'",
      )
    await eventually('the running file to end', async () => (await versions()) !== '' || undefined)
    const held = "select count(*) from pg_locks where locktype = 'advisory'"
    await eventually('the run to end', async () => (await host.psql('postgres', held)) === '0' || undefined)
    expect(await versions()).toBe('00020')
  })
})

describe('releases', () => {
  it('are cleared away but for the newest, and never the current one', async () => {
    const base = join(host.releases, 'qual/releases')
    for (let old = 0; old < 8; old++) {
      mkdirSync(join(base, `0000${old}`))
      const long = new Date(2020, 0, 1 + old)
      utimesSync(join(base, `0000${old}`), long, long)
    }
    const { exit, all } = await host.run('infrastructure/scripts/release.sh activate qual')
    expect(exit, all).toBe(0)
    const left = readdirSync(base)
    expect(left).toContain(host.git('rev-parse', 'HEAD'))
    expect(left).toHaveLength(6)
    const { stdout } = await host.run('infrastructure/scripts/release.sh list qual')
    expect(stdout.split('\n')[0]).toBe(`${host.git('rev-parse', 'HEAD')} current`)
  })

  it('that hold files of another user stay with a warning, and the switch is done', async () => {
    const old = join(host.releases, 'qual/releases', `0000b`)
    mkdirSync(join(old, 'dist/.compile-cache'), { recursive: true })
    const long = new Date(2020, 0, 1)
    utimesSync(old, long, long)
    // Nothing keeps the test's own user from removing it, so its rm does as that of another one would.
    const rm = join(dirname(host.releases), 'bin/rm')
    const real = readlinkSync(rm)
    rmSync(rm)
    writeFileSync(rm, `#!/bin/sh\ncase "$*" in *0000b*) exit 1;; esac\nexec ${real} "$@"\n`, { mode: 0o755 })
    try {
      const { exit, all } = await host.run('infrastructure/scripts/release.sh activate qual')
      expect(exit, all).toBe(0)
      expect(all).toContain(`releases/0000b stays: sudo rm -rf "${old}"`)
      expect(currentOf('qual')).toBe(`releases/${host.git('rev-parse', 'HEAD')}`)
    } finally {
      rmSync(rm)
      symlinkSync(real, rm)
      rmSync(old, { recursive: true })
    }
  })

  it('are brought by a login that is no POSIX shell, prints something and keeps its files to itself', async () => {
    const words = 'echo hello; printf there; echo noise >&2; umask 077'
    host.sshd.admit('odd', `${words}; exec tcsh -c "$SSH_ORIGINAL_COMMAND"`)
    const odd = { PATH: `${host.sshd.client({ identity: 'odd' })}:${process.env.PATH}` }
    const commit = host.commit()
    const { exit, stdout, all } = await host.run('infrastructure/scripts/release.sh sync qual', odd)
    expect(exit, all).toBe(0)
    expect(stdout).toBe(release('qual', commit))
    expect(all).toContain('hello')
    const modeOf = (path: string): string =>
      (statSync(join(release('qual', commit), path)).mode & 0o777).toString(8)
    expect(modeOf('.')).toBe('755')
    expect(modeOf('infrastructure/scripts/init-multiple-databases.sh')).toBe('755')
    expect(modeOf('infrastructure/migrate.yaml')).toBe('644')
    const asked = await host.run("infrastructure/scripts/on-host.sh printf '[%s]' 'a!b' '$HOME' \"it's\"", {
      ...odd,
      MIGRATE_ENV: 'qual',
    })
    expect(asked).toMatchObject({ exit: 0, stdout: "[a!b][$HOME][it's]" })
  })

  it('do not come to a host that runs something else, and that is said', async () => {
    host.sshd.admit('none', 'echo This account is currently not available.; exit 1')
    const none = { PATH: `${host.sshd.client({ identity: 'none' })}:${process.env.PATH}` }
    const { exit, all } = await host.run('infrastructure/scripts/release.sh sync qual', none)
    expect(exit, all).toBe(6)
    expect(all).toContain('This account is currently not available.')
    expect(all).toContain('Could not run a command on')
  })

  it('are shown by doctor, from the laptop', async () => {
    const { stdout } = await host.run('infrastructure/scripts/po-migrate doctor qual')
    expect(stdout).toMatch(/release +[0-9a-f]{40} · .* · current/)
    const from = await host.run('infrastructure/scripts/po-migrate doctor --json')
    const { checks } = JSON.parse(from.stdout)
    expect(checks).toContainEqual(
      expect.objectContaining({
        environment: 'qual',
        title: 'ssh to vps',
        finding: expect.stringContaining('commit '),
      }),
    )
  })
})
