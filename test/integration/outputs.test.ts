import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { docker, eventually, run, uniqueName } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'
import { usePostgres } from '../support/postgres/use-postgres.ts'
import { readEvents } from '../support/tool/events.ts'
import { makeProject, migration, type Project, type Store } from '../support/tool/project.ts'
import { runIn } from '../support/tool/tool.ts'

const postgres = usePostgres()

const project = (store: Store, network = postgres.network): Project =>
  makeProject({
    network,
    store,
    state: 'state',
    edit: (config) => {
      config.project = 'outputs'
    },
  })

const good = { '00001_a.sql': migration('create table a (id int);'), '00002_b.sql': migration('select 1;') }
const bad = { ...good, '00003_c.sql': migration('select nowhere;') }
const main = join(import.meta.dirname, '../../src/main.ts')

/** The tool as a process, its streams as a shell redirects them. */
const inShell = ({ directory }: Project, args: string, redirection: string) => {
  const command = `set -o pipefail; '${process.execPath}' '${main}' ${args} ${redirection}`
  return run('bash', ['-c', command], { cwd: directory })
}

describe('a disk that is full, or a reader that is gone, decides nothing', () => {
  it.each([
    { what: 'of a run that is done', name: 'full_good', files: good, exit: 0 },
    { what: 'of one that fails', name: 'full_bad', files: bad, exit: 1 },
  ])('under --events and --junit $what', async ({ name, files, exit }) => {
    using made = project({ [name]: files })
    const result = await runIn(made, 'up dev --events /dev/full --junit /dev/full')
    expect(result.exit).toBe(exit)
    expect(result.stderr.match(/dev.full is not complete: ENOSPC/g)).toHaveLength(2)
    expect(await postgres.versions(name)).toBe('00001 00002')
  })

  it.each([
    {
      title: 'stdout of events is full',
      flags: '--json',
      redirection: '>/dev/full',
      words: 'stdout is not complete: ENOSPC',
    },
    { title: 'stderr is full', redirection: '2>/dev/full' },
    { title: 'both are full', redirection: '>/dev/full 2>&1' },
    { title: 'nobody reads stdout', flags: '--json', redirection: '| true' },
    { title: 'both are closed', redirection: '>&- 2>&-' },
  ])('where $title', async ({ title, flags = '', redirection, words = '' }) => {
    for (const [kind, files, exit] of [
      ['good', good, 0],
      ['bad', bad, 1],
    ] as const) {
      const name = `${title.replaceAll(' ', '_')}_${kind}`
      using made = project({ [name]: files })
      const result = await inShell(made, `up dev ${flags}`, redirection)
      expect(result).toMatchObject({ exit, stderr: expect.stringContaining(words) })
      expect(await postgres.versions(name)).toBe('00001 00002')
    }
  })

  it.each(['/proc/nope/x', 'infrastructure', 'fifo'])('and %s is refused before anything', async (file) => {
    using made = project({ refused: good })
    await run('mkfifo', [join(made.directory, 'fifo')])
    const { finished } = readEvents(await runIn(made, `up dev --json --events ${file}`))
    expect(finished).toMatchObject({ exit: 2, status: 'refused', error: { touched: false } })
    expect(
      await postgres.psql('postgres', `select count(*) from pg_database where datname = 'refused'`),
    ).toBe('0')
  })
})

describe("a server's log that cannot be read", () => {
  it('does not hide what Postgres said', async () => {
    const network = uniqueName('quiet')
    await docker(['network', 'create', network])
    const server = ['--network', network, '--network-alias', 'postgres', '--log-driver', 'none']
    const password = ['--env', 'POSTGRES_PASSWORD=postgres']
    const id = await docker(['run', '--detach', ...server, ...password, postgresImage])
    try {
      await eventually('Postgres', async () => {
        const asked = ['exec', id, 'sh', '-c', 'pg_isready --quiet --host "$HOSTNAME"']
        return (await run('docker', asked)).exit === 0
      })
      using made = project({ quiet: bad }, network)
      const { exit, stderr } = await runIn(made, 'up dev')
      expect(exit).toBe(1)
      expect(stderr).toContain('quiet: 00003_c.sql failed at line 2: column "nowhere" does not exist (42703)')
      expect(stderr).toMatch(/quiet +failed: 00001, 00002 stay applied/)
    } finally {
      await docker(['rm', '--force', '--volumes', id])
      await docker(['network', 'rm', network])
    }
  })
})
