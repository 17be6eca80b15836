import type { Guard } from './guard.ts'

/** What keeps one project's, run's or server's things from another's. */
export const guards: readonly Guard[] = [
  {
    name: 'only backups of the project are pruned',
    patches: [
      {
        file: 'src/backup/directory.ts',
        search: `  allDirectories(state)
    .flatMap((directory) => readKept(state, backupsOf(directory), of))
    .filter(({ owner }) => owner !== undefined && state.own.includes(owner))`,
        replace: `  [...allDirectories(state), ...list(state.root).map((name) => join(state.root, name))]
    .flatMap((directory) => readKept(state, backupsOf(directory), of))
    .filter((one, at, all) => all.findIndex(({ directory }) => directory === one.directory) === at)`,
      },
    ],
    noticedBy: ['backups of another project outlive the fourth of ours'],
  },
  {
    name: 'backups of an older release are nobody’s to prune',
    patches: [
      {
        file: 'src/backup/directory.ts',
        search: '.filter(({ owner }) => owner !== undefined && state.own.includes(owner))',
        replace: '.filter(({ owner }) => owner === undefined || state.own.includes(owner))',
      },
    ],
    noticedBy: ['a backup of an older release stays, and is restored when that is confirmed'],
  },
  {
    name: 'a backup of another project is restored when it is asked for by name',
    patches: [
      {
        file: 'src/backup/adopt-owner.ts',
        search: "if (typeof origin === 'string' || foreign) return",
        replace: "if (typeof origin === 'string' || foreign || project) return",
      },
    ],
    noticedBy: ['the backup of another project is not restored unasked'],
  },
  {
    name: 'runs are ordered by a counter, not by their dates',
    patches: [
      {
        file: 'src/model/order.ts',
        search: '(a.sequence ?? 0) - (b.sequence ?? 0) || ',
        replace: '',
      },
    ],
    noticedBy: [
      'backups go in the order in which they were made, whatever their dates',
      'a backup that is made while the clock is back is kept',
    ],
  },
  {
    name: 'a name that is cut has a hash of the whole',
    patches: [
      {
        file: 'src/model/beside-name.ts',
        search: 'const mark = `_$' + '{hash(database)}`',
        replace: "const mark = ''",
      },
    ],
    noticedBy: ['what a restore of qual replaced outlives a restore of prod'],
  },
  {
    name: 'a run’s own copy is never discarded',
    patches: [
      {
        file: 'src/cutover/steps/discard-copies.ts',
        search: 'if (name === frame.copy) return false',
        replace: '',
      },
      {
        file: 'src/model/order.ts',
        search: '(a.sequence ?? 0) - (b.sequence ?? 0) || ',
        replace: '',
      },
    ],
    noticedBy: ['the copy that undo needs is kept, whatever the dates of others'],
  },
  {
    name: 'journals of another project are not this one’s',
    patches: [
      {
        file: 'src/io/host/read-runs.ts',
        search: 'frame.project === undefined ? frame.volume === volume : own.includes(frame.project)',
        replace: 'own !== volume',
      },
      {
        file: 'src/io/host/read-runs.ts',
        search: `  listJournals(state)
    .flatMap((run) => foldJournal(readJournal(state, run)) ?? [])`,
        replace: `  readEveryJournal(state)
    .flatMap((lines) => foldJournal(lines) ?? [])`,
      },
      {
        file: 'src/io/host/read-runs.ts',
        search: '.filter(({ frame }) => frame.volume === host.volume)',
        replace: '',
      },
    ],
    noticedBy: ['a project without a cutover undoes nobody else’s'],
  },
  {
    name: 'journals of another volume are not gone on with',
    patches: [
      {
        file: 'src/io/host/read-runs.ts',
        search: '.filter(({ frame }) => frame.volume === host.volume)',
        replace: '',
      },
    ],
    noticedBy: ['a cutover of another volume is not undone'],
  },
  {
    name: 'an unfinished cutover of dev keeps other verbs out',
    patches: [
      {
        file: 'src/run/lock-host.ts',
        search: '() => refuseHalfWay(',
        replace: '() => host.cutover?.abortWindow === undefined && refuseHalfWay(',
      },
    ],
    noticedBy: ['no verb starts an empty volume while a cutover is not finished'],
  },
  {
    name: 'what acts on a volume holds its guard',
    patches: [
      {
        file: 'src/run/guard.ts',
        search: 'return holdVolume(docker, { volume, images, holder, wait: lockWait, interrupt, onWait })',
        replace:
          "return Promise.resolve({ id: '', verify: async () => {}, [Symbol.asyncDispose]: async () => {} })",
      },
    ],
    noticedBy: ['of two cutovers at once, from two state directories, one goes'],
  },
  {
    name: 'a shared host without flock is not written to',
    patches: [{ file: 'src/run/lock-host.ts', search: 'requireFlock(lock, host, report)', replace: '{}' }],
    noticedBy: ['a shared host without flock is not written to'],
  },
  {
    name: 'the applied set is read again before each file',
    patches: [
      {
        file: 'src/run/applied.ts',
        search: 'came.length + went.length > 0',
        replace: 'came.length + went.length < 0',
      },
    ],
    noticedBy: ['a file that marks another as applied stops the run'],
  },
  {
    name: 'the password is given to nobody but by SCRAM',
    patches: [
      {
        file: 'src/io/postgres/direct-route.ts',
        search: 'scramOnly: !anyAuth,',
        replace: 'scramOnly: false,',
      },
    ],
    noticedBy: ['a stranger at the address of ours gets no password'],
  },
  {
    name: 'who answers is compared with who is inside the container',
    patches: [
      {
        file: 'src/io/postgres/direct-route.ts',
        search: "const same = system !== '' && (await isInside(system))",
        replace: "const same = system !== ''",
      },
    ],
    noticedBy: ['another server at the address of ours is not read'],
  },
  {
    name: 'a pooler is found out by the pid of its session',
    patches: [
      {
        file: 'src/io/postgres/connection.ts',
        search: 'if (socket && pid !== opened.client.processID)',
        replace: 'if (socket && pid === -1)',
      },
      {
        file: 'src/io/postgres/connection.ts',
        search: `introduce(opened, 'needed')
    if (pid !== opened.client.processID)`,
        replace: `introduce(opened, 'needed')
    if (pid === -1)`,
      },
    ],
    noticedBy: ['a pooler in place of Postgres is refused'],
  },
  {
    name: 'a NUL is refused',
    patches: [{ file: 'src/io/dbmate/files.ts', search: 'if (nul < 0)', replace: 'if (nul >= -1)' }],
    noticedBy: ['a file with a NUL is refused, whatever stands before it'],
  },
  {
    name: 'a file that is too large is refused by number',
    patches: [
      {
        file: 'src/io/dbmate/migration-bytes.ts',
        search: 'if (stats.size <= largestFile)',
        replace: 'if (stats.size >= 0)',
      },
    ],
    noticedBy: ['a file that is too large is refused before anything starts'],
  },
]
