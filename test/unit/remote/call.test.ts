import { describe, expect, it } from 'vitest'
import { directoryOn, type RemoteCall, remoteCommand } from '../../../src/remote/call.ts'
import { listen, listenFromMark, startMark } from '../../../src/remote/ear.ts'
import { concludeRemote } from '../../../src/remote/outcome.ts'
import { fakeTerminal } from '../support/fixtures.ts'

const host = { name: 'vps', ssh: 'me@vps', machine: 'vps', releases: '/srv/po' }
const call: RemoteCall = {
  host,
  environment: 'qual',
  args: ['up', 'qual'],
  control: 'stdin',
  changes: true,
  quiet: false,
  commit: null,
}

describe('the directory on a host', () => {
  it.each([
    {
      title: "the environment's current release",
      where: host,
      environment: 'qual',
      expected: '/srv/po/qual/current',
    },
    {
      title: 'the release of the stack, for a verb about the host',
      where: { ...host, stackEnvironment: 'prod' },
      environment: undefined,
      expected: '/srv/po/prod/current',
    },
    {
      title: 'the one checkout of all',
      where: { ...host, directory: 'po' },
      environment: 'qual',
      expected: 'po',
    },
    {
      title: 'the one checkout of all, for a verb about the host',
      where: { ...host, directory: 'po' },
      environment: undefined,
      expected: 'po',
    },
  ])('is $title', ({ where, environment, expected }) => {
    expect(directoryOn(where, environment)).toBe(expected)
  })

  it('is a config error when the host has releases and its stack no environment', () => {
    expect(() => directoryOn(host)).toThrow(
      expect.objectContaining({ exitCode: 2, hint: expect.stringContaining('stack_environment') }),
    )
  })
})

describe('what crosses to a host', () => {
  it('is the confirmation, who asks, the job, the terminal and UTF-8, and nothing else of the environment', () => {
    const env = {
      CONFIRM: 'yes',
      CI_JOB_URL: 'https://gitlab/job/1',
      LC_ALL: 'de_DE.UTF-8',
      POSTGRES_PASSWORD: 'secret',
      PGPASSWORD: 'secret',
      PO_STATE: '/mine',
    }
    const context = { ...fakeTerminal().context, user: 'anna', env }
    const command = remoteCommand({ ...call, terminal: 120 }, '/srv/po', context)
    expect(command.slice(3)).toEqual([
      'po-migrate',
      '/srv/po',
      'PO_MIGRATE_HERE=1',
      'PO_MIGRATE_CONTROL=stdin',
      'PO_MIGRATE_USER=anna',
      'CONFIRM=yes',
      'CI_JOB_URL=https://gitlab/job/1',
      'PO_MIGRATE_TERMINAL=120',
      'LANG=C.UTF-8',
      'infrastructure/scripts/po-migrate',
      'up',
      'qual',
    ])
  })
})

describe('what is heard on stderr', () => {
  const hear = (chunks: readonly string[]) => {
    const told: string[] = []
    const ear = listen(
      (line, commit) => told.push(`[${commit}] ${line}`),
      (text) => text && told.push(text),
    )
    for (const chunk of chunks) ear.stderr(chunk)
    return { told: told.join('|'), ear }
  }
  const hello = 'on vps: commit 1a2b3c4d5e6f with changes, po-migrate 0.1.0, in /srv/po'

  it('is held back until the tool has spoken, however the bytes come', () => {
    const { told, ear } = hear([
      'Wel',
      'come\non vps: commit 1a2b3c4d5e6f wi',
      'th changes, po-migrate 0.1.0, in /srv',
      '/po',
      '\nup',
      ' qual\n',
    ])
    expect(told).toBe(`Welcome\n|[1a2b3c4d5e6f] ${hello}|up| qual\n`)
    expect(ear.greeted()).toBe(true)
    expect(ear.lastLine()).toBe('up qual')
  })

  it('is found behind what a login shell printed without an end of line', () => {
    const { told, ear } = hear(['Hi there', `${hello}\n`, 'up\n'])
    expect(told).toBe(`Hi there|[1a2b3c4d5e6f] ${hello}|up\n`)
    expect(ear.greeted()).toBe(true)
  })

  it('is kept when the tool never speaks', () => {
    const { told, ear } = hear(['ssh: connect to host vps port 22: Connection refused\n'])
    expect(told).toBe('')
    expect(ear.greeted()).toBe(false)
    expect(ear.held()).toContain('Connection refused')
  })
})

describe('what is heard on stdout', () => {
  it.each(['hello\n', 'hello', ''])(
    'begins with the tool, whatever a login shell printed before: %j',
    (before) => {
      const told: string[] = []
      const foreign: string[] = []
      const { stdout, started } = listenFromMark(
        (text) => told.push(text),
        (text) => foreign.push(text),
      )
      const all = `${before}${startMark}\n{"version":1}\n`
      for (const character of all) stdout(character)
      expect({ told: told.join(''), foreign: foreign.join(''), started: started() }).toEqual({
        told: '{"version":1}\n',
        foreign: before,
        started: true,
      })
    },
  )
})

describe('a connection that was cut', () => {
  const ended = (heard: string, change: { started?: boolean; changes?: boolean } = {}) => {
    const ear = listen(
      () => {},
      () => {},
    )
    ear.stderr(heard)
    const { started = false, changes = true } = change
    return () =>
      concludeRemote(
        {
          call: { ...call, changes },
          directory: '/srv',
          ear,
          output: { started: () => started, before: () => '' },
          exitCode: 255,
        },
        () => {},
      )
  }
  const hello = 'on vps: commit 1a2b3c4d5e6f, po-migrate 0.1.0, in /srv/po\n'

  it.each<[string, ReturnType<typeof ended>, object]>([
    [
      'before ssh got there',
      ended('ssh: connect to host vps port 22: Connection refused'),
      { exitCode: 6, touched: false },
    ],
    ['by an rc file that printed something, before ssh got there', ended('hello\n'), { exitCode: 6 }],
    ['after the greeting', ended(hello), { exitCode: 1, touched: undefined }],
    ['after the greeting behind an rc file', ended(`hi${hello}`), { exitCode: 1 }],
    ['after the command had started', ended('', { started: true }), { exitCode: 1, touched: undefined }],
    ['once ssh was through', ended('client_loop: send disconnect: Broken pipe'), { exitCode: 1 }],
    ['under a verb that only reads', ended(hello, { changes: false }), { exitCode: 6 }],
  ])('%s promises what it may', (_, act, expected) => {
    expect(act).toThrow(expect.objectContaining(expected))
  })
})

describe('a host that did not run the tool', () => {
  const ended = (exitCode: number, { heard = '', before = '', started = false }) => {
    const ear = listen(
      () => {},
      () => {},
    )
    ear.stderr(heard)
    const output = { started: () => started, before: () => before }
    return () => concludeRemote({ call, directory: '/srv/po', ear, output, exitCode }, () => {})
  }

  it.each<[string, ReturnType<typeof ended>, object]>([
    [
      'since there is none',
      ended(127, { heard: "ls: cannot access '/srv/po': No such file or directory\n" }),
      { exitCode: 2, message: 'There is no po-migrate in /srv/po on vps (me@vps).' },
    ],
    [
      'since the user may not go there',
      ended(127, { heard: '/srv/po: Permission denied\n' }),
      { exitCode: 2, message: '/srv/po on vps (me@vps) may not be entered by the user there.' },
    ],
    [
      'since it has no bash',
      ended(127, { heard: 'env: bash: No such file or directory\n', started: true }),
      { exitCode: 2, details: ['env: bash: No such file or directory'] },
    ],
    [
      'since something else answered',
      ended(1, { before: 'This account is currently not available.\n' }),
      { exitCode: 6, details: ['This account is currently not available.'] },
    ],
  ])('%s, says so', (_, act, expected) => {
    expect(act).toThrow(expect.objectContaining(expected))
  })
})
