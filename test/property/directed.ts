import type { CutoverOperation } from './cutover-operation.ts'
import type { Operation } from './operation.ts'

/** Short ways to what random sequences meet rarely, by what people meet. */
const add = [
  { store: 'app', kind: 'table' },
  { store: 'partner_onboarding_document_store', kind: 'table' },
] as const

const one = { site: 'first', stage: 'qual' } as const
const foreign = { site: 'second', stage: 'qual' } as const
const up = (at: { site: 'first' | 'second'; stage: 'qual' | 'prod' }): Operation => ({
  op: 'up',
  ...at,
  add,
  mend: false,
})
const backup = (at: typeof one | typeof foreign): Operation => ({ op: 'backup', ...at })
const restore = (of: 'own' | 'foreign' | 'old', confirm = true): Operation => ({
  op: 'restore',
  ...one,
  of,
  which: 0,
  confirm,
})
const neverStrikes = { kind: 'kill', at: 1000, after: 0 } as const
const clock = (days: number): Operation => ({ op: 'clock', site: 'first', days })

export const directed = {
  'backups of another project outlive the fourth of ours': [
    up(one),
    up(foreign),
    backup(foreign),
    ...Array.from({ length: 4 }, () => backup(one)),
  ],
  'the backup of another project is not restored unasked': [
    up(one),
    up(foreign),
    backup(foreign),
    restore('foreign'),
  ],
  'a backup that is made while the clock is back is kept': [
    up(one),
    clock(400),
    backup(one),
    backup(one),
    clock(0),
    backup(one),
    backup(one),
  ],
  'backups go in the order in which they were made, whatever their dates': [
    up(one),
    clock(400),
    backup(one),
    clock(30),
    backup(one),
    clock(-30),
    backup(one),
  ],
  'a backup of an older release stays, and is restored when that is confirmed': [
    up(one),
    backup(one),
    { op: 'old-backup', ...one },
    backup(one),
    backup(one),
    restore('old', false),
    restore('old'),
  ],
  'what a restore of qual replaced outlives a restore of prod': [
    up(one),
    up({ ...one, stage: 'prod' }),
    backup(one),
    { op: 'backup', site: 'first', stage: 'prod' },
    restore('own'),
    { op: 'restore', site: 'first', stage: 'prod', of: 'own', which: 0, confirm: true },
  ],
  'a reader that is ended while a file runs hides nothing that was applied': [
    {
      op: 'up',
      ...one,
      mend: false,
      add: [...add, { store: 'app', kind: 'slow' }, { store: 'app', kind: 'slow' }],
      fault: { kind: 'end-sessions', at: 6, after: 50 },
    },
    {
      op: 'rollback',
      ...one,
      store: 'app',
      steps: 2,
      fault: { kind: 'end-sessions', at: 'rollback-migration', after: 50 },
    },
    { op: 'up', ...one, add: [], mend: false },
  ],
  'a rollback of more than there is touches nothing, also when it ends before it can be killed': [
    up(one),
    { op: 'rollback', ...one, store: 'app', steps: 2, fault: neverStrikes },
    { op: 'rollback', ...one, store: 'app', steps: 2 },
  ],
} satisfies Record<string, readonly Operation[]>

const cutover = (site: 'first' | 'second' = 'first'): CutoverOperation => ({ op: 'cutover', site })

export const directedCutovers = {
  'a project without a cutover undoes nobody else’s': [
    cutover('first'),
    cutover('first'),
    { op: 'undo', site: 'second' },
    { op: 'resume', site: 'second' },
  ],
  'the copy that undo needs is kept, whatever the dates of others': [
    cutover(),
    { op: 'clock', site: 'first', days: 400 },
    cutover(),
    { op: 'clock', site: 'first', days: 0 },
    cutover(),
    { op: 'undo', site: 'first' },
  ],
  'no verb starts an empty volume while a cutover is not finished': [
    cutover(),
    { op: 'cutover', site: 'first', kill: { at: 'start-stack', after: 0 } },
    { op: 'up', site: 'first' },
    { op: 'start', site: 'first' },
    { op: 'undo', site: 'first' },
  ],
  'a server that was only started has nothing to back up': [
    { op: 'start', site: 'first' },
    { op: 'backup', site: 'first' },
    { op: 'up', site: 'first' },
    { op: 'backup', site: 'first' },
  ],
} satisfies Record<string, readonly CutoverOperation[]>
