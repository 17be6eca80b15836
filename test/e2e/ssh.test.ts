import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { reportDocument } from '../../src/page/document.ts'
import { statusDocument } from '../../src/report/documents.ts'
import { docker, eventually, run } from '../support/engine/docker.ts'
import { needTool } from '../support/machines/apt.ts'
import { laptopEnv, runOnLaptop, startOnLaptop, startVps, type Vps } from '../support/machines/vps.ts'
import { closeGate, type Gate } from '../support/postgres/gate.ts'
import { readEvents } from '../support/tool/events.ts'
import type { ToolProcess } from '../support/tool/process.ts'
import { migration } from '../support/tool/project.ts'
import type { ToolResult } from '../support/tool/tool.ts'

let vps: Vps
let client: string
let dbPassword: string
const type = (line: string, env: Record<string, string> = {}): Promise<ToolResult> =>
  runOnLaptop(vps, line.split(' '), { client, env })
const start = (line: string): ToolProcess => startOnLaptop(vps, line.split(' '), { client })

/** Home of the login there; its shell reads a `.bashrc` before any command. */
const home = mkdtempSync(join(tmpdir(), 'pmt-home-'))
const rcFile = join(home, '.bashrc')

beforeAll(async () => {
  vps = await startVps({ HOME: home })
  dbPassword = vps.password
  client = vps.sshd.client()
  const started = await type('start vps')
  expect(started.exit, started.stderr).toBe(0)
})
afterAll(() => vps[Symbol.asyncDispose]())

let version = 100
const written: string[] = []

/** The next migration of iam on the VPS; the laptop does not have it. */
const deliver = (up: string): string => {
  const name = String(++version).padStart(5, '0')
  const file = join(vps.checkout.directory, 'infrastructure/migrations/iam', `${name}_t.sql`)
  writeFileSync(file, migration(up))
  written.push(file)
  return name
}
afterEach(async () => {
  const { psql } = await vps.postgres()
  const applied = await psql(
    'iam_qual',
    "select coalesce(string_agg(version, ' '), '') from schema_migrations",
  ).catch(() => '')
  for (const file of written.splice(0)) {
    const [name = ''] = file.split('/').at(-1)?.split('_') ?? []
    if (!applied.includes(name)) rmSync(file)
  }
})

describe('a verb for the VPS, typed on a laptop without Docker', () => {
  it('runs there, says which commit runs, and answers with its results and its exit code', async () => {
    const { exit, stdout, stderr } = await type('up qual')
    expect(exit, stderr).toBe(0)
    expect(stdout).toMatch(
      /^qual: \d+ migrations applied in .*\.\n {2}iam_qual {7}\d+ .*\n {2}calendar_qual {2}\d+ .*\n {2}rag_qual {7}\d+ .*\n$/,
    )
    expect(stderr).toContain(
      `commit ${vps.commit.slice(0, 12)}, po-migrate 0.1.0, in ${vps.checkout.directory} (this checkout: `,
    )
    expect(stderr).toContain('✔ iam_qual')
    expect(await type('up qual')).toMatchObject({ exit: 0, stdout: expect.stringContaining('nothing to do') })
  })

  it.each(['plan qual --exit-code', 'status qual --exit-code'])(
    '%s answers 3 when something is pending there',
    async (line) => {
      const name = deliver('select 1;')
      const { exit, stdout } = await type(line)
      expect(exit).toBe(3)
      expect(stdout).toContain(`${name}_t.sql`)
    },
  )

  it.each(['history qual', 'lock status qual', 'doctor qual'])('%s reads there', async (line) => {
    const { exit, stdout, stderr } = await type(line)
    expect(exit, stderr + stdout).toBe(0)
    expect(stdout).toContain(line.startsWith('doctor') ? 'password accepted' : 'iam_qual')
  })

  it('prints the same events as in place, and history names who typed it', async () => {
    const name = deliver('create table if not exists asked (id int);')
    const result = await type('up qual --json', { GITLAB_USER_LOGIN: 'anna' })
    const { steps, finished } = readEvents(result)
    expect(finished).toMatchObject({ status: 'done', exit: 0 })
    expect(steps).toMatchObject([
      { kind: 'rehearse', status: 'done' },
      { migration: `${name}_t.sql`, status: 'done' },
    ])
    const { stdout } = await type('history qual --json')
    const { entries } = JSON.parse(stdout)
    expect(entries.at(-1)).toMatchObject({ version: name, commit: vps.commit })
    expect(entries.at(-1).actor).toMatch(/^anna@\S+$/)
  })

  it('takes its confirmation along: prod is 4 without one, and goes through with CONFIRM=yes', async () => {
    const refused = await type('up prod')
    expect(refused.exit).toBe(4)
    expect(refused.stderr).toContain('→ po-migrate up prod --confirm yes')
    expect(await type('up prod', { CONFIRM: 'no' })).toMatchObject({ exit: 4 })
    const done = await type('up prod', { CONFIRM: 'yes' })
    expect(done.exit, done.stderr).toBe(0)
    expect(done.stdout).toMatch(/^ .*\nprod: \d+ migrations applied|prod: \d+ migrations applied/s)
  })

  it('asks on the terminal of the laptop, and takes the line that is typed there', async () => {
    const name = deliver('select 1;')
    const tool = `'${process.execPath}' dist/po-migrate.cjs up prod`
    const typeAt = (line: string) =>
      run('script', ['--quiet', '--return', '--command', `stty -echo; sleep 0.1; ${tool}`, '/dev/null'], {
        cwd: join(import.meta.dirname, '../..'),
        env: { ...laptopEnv(vps, { client }), TERM: 'xterm' },
        input: `${line}\n`,
      })
    const refused = await typeAt('no')
    expect(refused.exit, refused.stdout).toBe(4)
    expect(refused.stdout).toContain('Applying this to prod. Type yes to go on: ')
    const done = await typeAt('yes')
    expect(done.exit, done.stdout).toBe(0)
    expect(done.stdout).toContain(`${name}_t.sql`)
    expect(done.stdout).toMatch(/prod: \d+ migrations? applied/)
    expect(await type('up qual')).toMatchObject({ exit: 0 })
  })

  it('passes odd words through two shells unharmed', async () => {
    const { exit, stderr } = await runOnLaptop(vps, ['up', 'qual', '--db', `a b'$(touch pwned)"`], { client })
    expect(exit).toBe(2)
    expect(stderr).toContain(`Unknown database "a b'$(touch pwned)""`)
    expect(readdirSync(vps.checkout.directory)).not.toContain('pwned')
  })

  it('is a failure there as it is here: exit 1, the line, and the next command', async () => {
    const name = deliver('select colour from nowhere;')
    const { exit, stderr } = await type('up qual')
    expect(exit).toBe(1)
    expect(stderr).toContain(`iam_qual: ${name}_t.sql failed at line 2`)
    expect(stderr).toContain('→ correct iam/')
  })

  it('stays here with --here, and looks for the password in this checkout', async () => {
    const { exit, stderr } = await type('up qual --here')
    expect(exit, stderr).toBe(2)
    expect(stderr).toContain(join(import.meta.dirname, '../../infrastructure/compose/.env.shared'))
    expect(stderr).not.toContain('commit')
  })

  it('is refused when its network exists on the laptop too', async () => {
    const { exit, stderr } = await type('up qual', {
      DOCKER_HOST: process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock',
      PO_SHARED_NETWORK: vps.checkout.names.PO_SHARED_NETWORK ?? '',
    })
    expect(exit).toBe(4)
    expect(stderr).toContain('exists here too')
  })
})

describe('status', () => {
  it('asks each machine once and shows all environments in one document', async () => {
    const { exit, stdout, stderr } = await type('status qual prod --json')
    expect(exit, stderr).toBe(0)
    const { environments } = statusDocument.parse(JSON.parse(stdout))
    expect(environments.map(({ environment, host }) => `${environment} ${host}`)).toEqual([
      'qual vps',
      'prod vps',
    ])
    expect(stderr.match(/^on \S+: commit/gm)).toHaveLength(1)
  })

  it('without names shows what it can reach, and is 6 for the laptop that has no Docker', async () => {
    const { exit, stdout } = await type('status')
    expect(exit).toBe(6)
    expect(stdout).toMatch(/^ +dev +qual +prod$.*^iam +not read +\d.*^✖ dev: No Docker engine answers/ms)
  })

  it('shows an unreachable host in place of its environments', async () => {
    const { exit, stdout } = await type('status qual prod', { PO_VPS_SSH: 'nowhere.invalid' })
    expect(exit).toBe(6)
    expect(stdout.match(/✖ qual, prod: Could not reach vps \(nowhere\.invalid\) by ssh/g)).toHaveLength(1)
  })
})

describe('report', () => {
  it('asks each machine once and makes one page of what they answer', async () => {
    expect(await type('up qual')).toMatchObject({ exit: 0 })
    const { exit, stdout, stderr } = await type('report qual prod --json')
    expect(exit, stderr).toBe(0)
    const { environments } = reportDocument.parse(JSON.parse(stdout))
    const [qual] = environments
    expect(environments.map(({ environment }) => environment)).toEqual(['qual', 'prod'])
    expect(qual?.databases.find(({ name }) => name === 'iam')?.ledger.length).toBeGreaterThan(0)
    expect(stderr.match(/^on \S+: commit/gm)).toHaveLength(1)
    const page = await type('report qual prod --out -')
    expect(page.exit, page.stderr).toBe(0)
    expect(page.stdout).toContain('Tables of iam in qual')
  })

  it('has the drift there on the page that is written here, and leaves no scratch server', async () => {
    const { psql } = await vps.postgres()
    await psql('iam_qual', "create table by_hand (odd text default '<b>')")
    try {
      const file = join(home, 'page.html')
      const { exit, stdout, stderr } = await type(`report --drift --out ${file}`)
      // This machine has no Docker for dev; the page is written in any case.
      expect(exit, stderr).toBe(6)
      expect(stdout).toMatch(/page\.html: 2 environments, 6 databases, \d+ pending, 1 drifted\n$/)
      expect(stderr.match(/^on \S+: commit/gm)).toHaveLength(1)
      const page = readFileSync(file, 'utf8')
      expect(page).toContain('1 of 3 schemas drifted</p>')
      expect(page).toContain('<span class="file">table public.by_hand</span>')
      expect(page).toContain('<ins>+     odd text DEFAULT &#39;&lt;b&gt;&#39;::text</ins>')
      expect(page.match(/no drift<\/p>/g)).toHaveLength(1)
      expect(await containers('--filter', 'status=running')).toBe('')
    } finally {
      await psql('iam_qual', 'drop table by_hand')
    }
  })

  it('has why a schema there could not be compared, beside those that were', async () => {
    const { psql } = await vps.postgres()
    await psql('iam_qual', "insert into schema_migrations values ('99999')")
    try {
      const { exit, stdout, stderr } = await type('report qual --drift --json')
      expect(exit, stderr).toBe(0)
      const [qual] = reportDocument.parse(JSON.parse(stdout)).environments
      expect(
        qual?.databases.map(({ name, drift }) => [name, drift?.differences, drift?.error?.message]),
      ).toEqual([
        ['iam', [], expect.stringContaining('99999 is applied, and this checkout has no file')],
        ['calendar', [], undefined],
        ['rag', [], undefined],
      ])
    } finally {
      await psql('iam_qual', "delete from schema_migrations where version = '99999'")
    }
  })

  it('has a host that cannot be reached on the page, and is 6', async () => {
    const { exit, stdout, stderr } = await type('report --out -', { PO_VPS_SSH: 'nowhere.invalid' })
    expect(exit).toBe(6)
    expect(stdout.match(/could not be read/g)).toHaveLength(3)
    expect(stderr).toContain('✖ qual, prod: Could not reach vps')
  })
})

describe('a host that cannot be reached', () => {
  it.each([
    {
      what: 'has another host key',
      change: { hosts: 'wrong_hosts' },
      why: 'its host key is not the known one',
      remedy: 'ssh-keygen -R',
    },
    {
      what: 'has an unknown host key',
      change: { hosts: 'no_hosts' },
      why: 'its host key is not known here',
      remedy: 'ssh the-vps true',
    },
    {
      what: 'takes none of the keys',
      change: { identity: 'stranger' },
      why: 'it takes none of your keys',
      remedy: 'ssh-add',
    },
    { what: 'is down', change: { port: 1 }, why: 'it does not answer', remedy: 'ssh -v the-vps true' },
  ])('since it $what is 6, with the words of ssh and a remedy', async ({ change, why, remedy }) => {
    const options = { client: vps.sshd.client(change) }
    const { exit, stdout, stderr } = await runOnLaptop(vps, ['up', 'qual'], options)
    expect(exit, stderr).toBe(6)
    expect(stdout).toBe('')
    expect(stderr).toContain(`Could not reach vps (the-vps) by ssh: ${why}.`)
    expect(stderr).toContain('Nothing was touched.')
    expect(stderr).toContain(remedy)
    const events = readEvents(await runOnLaptop(vps, ['up', 'qual', '--json'], options))
    expect(events.finished).toMatchObject({
      exit: 6,
      status: 'failed',
      error: { hint: expect.stringContaining(remedy) },
    })
  })

  it('is 6 as well where there is no ssh', async () => {
    const { exit, stderr } = await type('up qual', { PATH: '/nowhere' })
    expect(exit).toBe(6)
    expect(stderr).toContain('There is no ssh on this machine.')
  })
})

describe('the checkout there', () => {
  it('that is missing is 2, with what delivers one', async () => {
    const { exit, stderr } = await type('up qual', { PO_VPS_DIRECTORY: '/no/such/checkout' })
    expect(exit).toBe(2)
    expect(stderr).toContain('There is no po-migrate in /no/such/checkout on vps (the-vps).')
    expect(stderr).toContain('→ infrastructure/scripts/release.sh sync qual')
  })

  it('that is not built is 2, in the words of its own shim', async () => {
    const { directory } = vps.checkout
    renameSync(join(directory, 'dist'), join(directory, 'away'))
    try {
      const { exit, stderr } = await type('up qual')
      expect(exit).toBe(2)
      expect(stderr).toContain('po-migrate is not built')
      expect(stderr).toContain('npm ci && npm run build')
    } finally {
      renameSync(join(directory, 'away'), join(directory, 'dist'))
    }
  })

  it('whose bundle is older than its sources is 2, with the command that builds it', async () => {
    const file = join(vps.checkout.directory, 'src/later.ts')
    writeFileSync(file, '')
    try {
      const { exit, stderr } = await type('up qual')
      expect(exit).toBe(2)
      expect(stderr).toContain(`The bundle in ${vps.checkout.directory}/dist is older than its sources.`)
    } finally {
      rmSync(file)
    }
  })

  it('that is older than what is applied says so', async () => {
    const name = deliver('select 1;')
    expect(await type('up qual')).toMatchObject({ exit: 0 })
    const file = written.at(-1) ?? ''
    renameSync(file, `${file}.away`)
    try {
      const { stdout } = await type('status qual')
      expect(stdout).toContain(`${name} (no file in this checkout)`)
    } finally {
      renameSync(`${file}.away`, file)
    }
  })
})

const heard = (tool: ToolProcess): Promise<unknown> =>
  eventually('the tool to say that it heard', () => tool.stderr().includes('again to end it now'))

const containers = async (...more: string[]): Promise<string> => {
  const server = await docker([
    'inspect',
    '--format',
    '{{.Id}}',
    `${vps.checkout.names.PO_SHARED_PROJECT}-postgres-1`,
  ])
  return docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.server=${server}`, ...more])
}

/** Two files, of which the first waits at a gate. */
const begin = async (
  gate: Gate,
  flags = '',
): Promise<{ tool: ToolProcess; first: string; second: string }> => {
  const first = deliver(gate.sql)
  const second = deliver('select 2;')
  const tool = start(`up qual ${flags}`.trim())
  await gate.reached()
  return { tool, first, second }
}

const isApplied = async (name: string): Promise<boolean> =>
  (await (
    await vps.postgres()
  ).psql('iam_qual', `select count(*) from schema_migrations where version = '${name}'`)) === '1'

/** The run there has ended: its lock is free again. */
const free = (): Promise<unknown> =>
  eventually('the lock to be free', async () => {
    const sql = "select count(*) from pg_locks where locktype = 'advisory'"
    return (await (await vps.postgres()).psql('postgres', sql)) === '0' || undefined
  })

describe('Ctrl-C on the laptop', () => {
  it('once lets the file that runs there end, starts no other, and is 130', async () => {
    await using gate = await closeGate(await vps.postgres())
    const { tool, first, second } = await begin(gate)
    tool.child.kill('SIGINT')
    await heard(tool)
    await sleep(500)
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    const { exit, stderr } = await tool.ended
    expect(exit, stderr).toBe(130)
    expect(stderr).toContain('Interrupted by SIGINT; the running step was finished.')
    expect([await isApplied(first), await isApplied(second)]).toEqual([true, false])
  })

  it('twice ends the statement that runs there, and is 130', async () => {
    await using gate = await closeGate(await vps.postgres())
    const { tool, first } = await begin(gate)
    tool.child.kill('SIGINT')
    await heard(tool)
    await sleep(1200)
    tool.child.kill('SIGINT')
    const { exit, stderr } = await tool.ended
    expect(exit, stderr).toBe(130)
    expect(await isApplied(first)).toBe(false)
    expect(await containers()).toBe('')
  })
})

describe('a connection that is cut in mid-run', () => {
  it('is 1; there the running file ends, and no other starts', async () => {
    await using gate = await closeGate(await vps.postgres())
    const { tool, first, second } = await begin(gate)
    await vps.sshd.cut()
    const { exit, stderr } = await tool.ended
    expect(exit, stderr).toBe(1)
    expect(stderr).toContain('The connection to vps (the-vps) was lost in mid-run.')
    expect(stderr).toContain('→ po-migrate status qual')
    expect(await gate.waiting()).toBe(1)
    await gate.open()
    await free()
    expect([await isApplied(first), await isApplied(second)]).toEqual([true, false])
    expect(await type('up qual')).toMatchObject({ exit: 0 })
    expect(await isApplied(second)).toBe(true)
  })

  it('ends the events with one that says so', async () => {
    await using gate = await closeGate(await vps.postgres())
    const { tool } = await begin(gate, '--json')
    await vps.sshd.cut()
    const events = readEvents(await tool.ended)
    expect(events.finished).toMatchObject({ exit: 1, status: 'failed' })
    await gate.open()
    await free()
  })

  it('counts as Ctrl-C there also when the laptop dies', async () => {
    await using gate = await closeGate(await vps.postgres())
    const { tool, first, second } = await begin(gate)
    tool.child.kill('SIGKILL')
    await tool.ended
    await gate.open()
    await free()
    expect([await isApplied(first), await isApplied(second)]).toEqual([true, false])
  })
})

describe('a login shell there that prints something', () => {
  const printing = async (words: string, act: () => Promise<void>): Promise<void> => {
    writeFileSync(rcFile, `${words}\n`)
    try {
      await act()
    } finally {
      rmSync(rcFile)
    }
  }

  it.each(['echo hello', 'printf hello', 'printf hello >&2'])('does not get into the document: %s', (words) =>
    printing(words, async () => {
      const { exit, stdout, stderr } = await type('status qual --json')
      expect(exit, stderr).toBe(0)
      expect(statusDocument.parse(JSON.parse(stdout)).environments).toHaveLength(1)
      expect(stderr).toContain('hello')
    }),
  )

  it.each(['printf hello', 'printf hello >&2'])(
    'does not make a run that was cut one that never began: %s',
    (words) =>
      printing(words, async () => {
        await using gate = await closeGate(await vps.postgres())
        const { tool } = await begin(gate, '--json')
        await vps.sshd.cut()
        const events = readEvents(await tool.ended)
        expect(events.finished).toMatchObject({ exit: 1, status: 'failed' })
        expect(events.finished.error?.touched).toBeUndefined()
        await gate.open()
        await free()
      }),
  )
})

/** As if it were the login shell of the user there. */
const withShell = async (shell: string): Promise<string> => {
  await needTool(shell, shell)
  vps.sshd.admit(shell, `${shell} -c "$SSH_ORIGINAL_COMMAND"`)
  return vps.sshd.client({ identity: shell })
}

describe('a login shell there that is none of POSIX', () => {
  it.each(['tcsh', 'fish'])('takes every word as it was typed: %s', async (shell) => {
    const options = { client: await withShell(shell) }
    const { exit, stdout, stderr } = await runOnLaptop(vps, ['status', 'qual', '--json'], options)
    expect(exit, stderr).toBe(0)
    expect(statusDocument.parse(JSON.parse(stdout)).environments).toHaveLength(1)
    const odd = `a!b'c\\d\\\n"e" $HOME é`
    const refused = await runOnLaptop(vps, ['up', 'qual', '--db', odd], options)
    expect(refused.exit).toBe(2)
    expect(refused.stderr).toContain(`Unknown database "${odd}"`)
  })

  it.each([
    ['says that the account is not available', 'echo This account is currently not available.; exit 1'],
    ['answers anything with success', 'echo restricted; exit 0'],
  ])('is 6 where it %s', async (_, line) => {
    const name = `none${line.length}`
    vps.sshd.admit(name, line)
    const options = { client: vps.sshd.client({ identity: name }) }
    const { exit, stdout, stderr } = await runOnLaptop(vps, ['up', 'qual'], options)
    expect(exit, stderr).toBe(6)
    expect(stdout).toBe('')
    expect(stderr).toContain('vps (the-vps) did not run the command')
    expect(stderr).toMatch(/not available|restricted/)
  })
})

describe("what stands in the user's config of ssh", () => {
  it.each([
    [['RemoteCommand echo something else']],
    [['LocalForward 127.0.0.1:1 127.0.0.1:1', 'ExitOnForwardFailure yes']],
    [['SessionType none']],
    [['StdinNull yes']],
    [['ForkAfterAuthentication yes']],
    [['RequestTTY force', 'PermitLocalCommand yes', 'LocalCommand echo local']],
  ])('does not keep a verb from running there: %j', async (lines) => {
    const options = { client: vps.sshd.client({ lines }) }
    const { exit, stdout, stderr } = await runOnLaptop(vps, ['status', 'qual', '--json'], options)
    expect(exit, stderr).toBe(0)
    expect(statusDocument.parse(JSON.parse(stdout)).environments).toHaveLength(1)
  })

  it('does not hide why nobody could be reached', async () => {
    const options = { client: vps.sshd.client({ identity: 'stranger', lines: ['LogLevel QUIET'] }) }
    const { exit, stderr } = await runOnLaptop(vps, ['up', 'qual'], options)
    expect(exit).toBe(6)
    expect(stderr).toContain('it takes none of your keys')
  })
})

describe('a key that cannot be used', () => {
  it('since its line ends are those of Windows is 6, and the remedy works', async () => {
    const key = join(vps.sshd.directory, 'windows')
    writeFileSync(key, readFileSync(vps.sshd.key, 'utf8').replaceAll('\n', '\r\n'), { mode: 0o600 })
    const options = { client: vps.sshd.client({ identity: 'windows' }) }
    const { exit, stderr } = await runOnLaptop(vps, ['up', 'qual'], options)
    expect(exit, stderr).toBe(6)
    expect(stderr).toContain('a key of yours cannot be read')
    const [, remedy = ''] = /(sed -i \S+) KEYFILE/.exec(stderr) ?? []
    await run('sh', ['-c', `${remedy} '${key}'`])
    expect(await runOnLaptop(vps, ['status', 'qual'], options)).toMatchObject({ exit: 0 })
  })

  it('since nobody can type its passphrase is 6, with the agent as the remedy', async () => {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', join(vps.sshd.directory, 'locked')])
    const options = { client: vps.sshd.client({ identity: 'locked' }) }
    const { exit, stderr } = await runOnLaptop(vps, ['up', 'qual'], options)
    expect(exit).toBe(6)
    expect(stderr).toContain('ssh-add')
  })
})

describe('the password', () => {
  it('never leaves the VPS: not in argv, and not in what comes back', async () => {
    await using gate = await closeGate(await vps.postgres())
    const { tool } = await begin(gate, '--verbose')
    const commands = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
        } catch {
          return []
        }
      })
    expect(commands.some((command) => command.includes('PO_MIGRATE_HERE=1'))).toBe(true)
    await gate.open()
    const { exit, stdout, stderr } = await tool.ended
    expect(exit, stderr).toBe(0)
    for (const text of [...commands, stdout, stderr]) {
      expect(text).not.toContain(dbPassword)
      expect(text).not.toContain(encodeURIComponent(dbPassword))
    }
  })
})
