import { docker } from '../support/engine/docker.ts'
import { type Book, type BookedBackup, chooseBackup, forgetGone, openBook } from './book.ts'
import type { Verb } from './case.ts'
import { judgeDocuments } from './documents.ts'
import { judge } from './judge.ts'
import { backupsIn, databasesOf, lookAt, settleDown, type WorldIs } from './look.ts'
import { leaveOldBackup } from './old-backup.ts'
import type { Operation } from './operation.ts'
import { runOf, type Said, say } from './said.ts'
import type { Site } from './site.ts'
import { insistSame } from './violation.ts'
import type { World } from './world.ts'

const argumentsOf = (
  operation: Verb,
  site: Site,
  { state, from }: { state: string; from: BookedBackup | undefined },
): string[] => {
  const environment = site.environment(operation.stage)
  const confirm = ['--confirm', 'yes']
  switch (operation.op) {
    case 'up':
      return ['up', environment, '--json']
    case 'rollback':
      return [
        'rollback',
        environment,
        '--db',
        operation.store,
        '--steps',
        String(operation.steps),
        ...confirm,
        '--json',
      ]
    case 'backup':
      return ['backup', environment, '--json']
    case 'restore':
      return [
        'restore',
        environment,
        '--from',
        `${state}/${from?.directory}`,
        ...(operation.confirm ? confirm : []),
        '--json',
      ]
  }
}

/** A row in every database of the environment: no two states of a sequence are the same. */
const leaveMark = async (
  site: Site,
  operation: Verb,
  { is, number }: { is: WorldIs; number: number },
): Promise<void> => {
  for (const database of databasesOf(operation.stage)) {
    if (!is.sites[site.name].databases[database]?.versions.length) continue
    const text = `${String(number).padStart(3, '0')} ${site.name} ${database}`
    await site.psql(
      database,
      `create table if not exists marks (text text); insert into marks values ('${text}')`,
    )
  }
}

const record = (
  book: Book,
  { operation, before, after, said }: { operation: Verb; before: WorldIs; after: WorldIs; said: Said },
): void => {
  const { site, stage } = operation
  const run = runOf(said)
  if (run) book.runs.set(run, site)
  const had = backupsIn(before)
  const contents = Object.fromEntries(
    databasesOf(stage).flatMap((name) => {
      const content = before.sites[site].databases[name]
      return content ? [[name, content]] : []
    }),
  )
  for (const directory of backupsIn(after))
    if (!had.includes(directory)) book.backups.push({ directory, site, stage, old: false, contents })
  const marks = (content: { marks: readonly string[] } | undefined): string => JSON.stringify(content?.marks)
  for (const [name, content] of Object.entries(after.sites[site].beside)) {
    if (!name.includes('_before_') || before.sites[site].beside[name]) continue
    const database = databasesOf(stage).find(
      (of) => marks(before.sites[site].databases[of]) === marks(content),
    )
    if (database) book.replaced.set(name, { site, database })
  }
  forgetGone(book, after)
}

const perform = async (
  world: World,
  operation: Verb,
  { book, number }: { book: Book; number: number },
): Promise<void> => {
  const { sites, state, tool } = world
  const site = sites[operation.site]
  const from = operation.op === 'restore' ? chooseBackup(book, operation) : undefined
  if (operation.op === 'restore' && !from) return
  if (operation.op === 'up') {
    if (operation.mend) site.mend()
    for (const { store, kind } of operation.add) site.add(store, kind)
  }
  await leaveMark(site, operation, { is: await lookAt(sites, state), number })
  const before = await lookAt(sites, state)
  const { fault } = operation
  const said = await say(tool, site, {
    args: argumentsOf(operation, site, { state, from }),
    ...(fault && { fault }),
  })
  if (fault) await settleDown(site, site.environment(operation.stage))
  const after = await lookAt(sites, state)
  judge({ operation, site, said, before, after, book, from })
  const run = runOf(said)
  if (run && said.exit !== null)
    insistSame(
      `containers that the run left`,
      await docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.run=${run}`]),
      '',
    )
  record(book, { operation, before, after, said })
  await judgeDocuments(tool, { site, stage: operation.stage, is: after, book })
}

const step = async (
  world: World,
  operation: Operation,
  { book, number }: { book: Book; number: number },
): Promise<void> => {
  const site = world.sites[operation.site]
  if (operation.op === 'clock') site.days = operation.days
  else if (operation.op === 'old-backup') {
    const from = book.backups.find(
      (backup) => backup.site === site.name && backup.stage === operation.stage && !backup.old,
    )
    if (!from) return
    const directory = leaveOldBackup(world.state, {
      from: from.directory,
      environment: site.environment(operation.stage),
      number,
    })
    book.backups.push({ ...from, directory, old: true })
  } else await perform(world, operation, { book, number })
}

/** What went wrong in a sequence, and after how many operations. */
export type Failure = { number: number; operation: Operation; error: Error }

/** Plays a sequence from an empty world; undefined: what was said was what is, after each operation. */
export const play = async (world: World, operations: readonly Operation[]): Promise<Failure | undefined> => {
  await world.reset()
  const book = openBook()
  for (const [number, operation] of operations.entries())
    try {
      await step(world, operation, { book, number })
    } catch (error) {
      return { number, operation, error: error as Error }
    }
  return undefined
}
