import { publicSizeStore } from '../support/schema/large-store.ts'
import { type Book, secondsOf } from './book.ts'
import { measure } from './measure.ts'
import { bash, drift, scratch, tool, toolRehearsed } from './runners.ts'
import { openWorld } from './world.ts'

/** Apart from the speed of `up`: what looking first costs, told in starts of an empty scratch server. */
const benchRehearsal = async (book: Book, rounds: number): Promise<void> => {
  await using world = await openWorld(['iam', 'calendar', 'rag'])
  world.files(5)
  await tool.run(world)
  const row = book.tell(
    await measure({
      what: '3 databases, one file pending in each, rehearsed',
      ...{ world, rounds, runners: [toolRehearsed, tool, bash, scratch] },
      before: () => world.oneMore(),
    }),
  )
  const [rehearsed, plain, start] = [toolRehearsed, tool, scratch].map(({ name }) => secondsOf(row, name))
  const added = ((rehearsed ?? 0) - (plain ?? 0)) / (start ?? Number.NaN)
  book.note('a rehearsal adds, in starts of a scratch server', Number(added.toFixed(2)))
}

const benchDrift = async (book: Book, rounds: number): Promise<void> => {
  await using world = await openWorld(['large'])
  for (const [name, text] of Object.entries(publicSizeStore(100, 3))) world.write(name, text)
  await tool.run(world)
  const what = 'drift of 300 tables, built by 100 files'
  const row = book.tell(await measure({ what, ...{ world, rounds, runners: [drift, scratch] } }))
  const beyond = secondsOf(row, drift.name) - secondsOf(row, scratch.name)
  book.note(`seconds beyond the scratch server's start, ${what}`, Number(beyond.toFixed(2)))
}

export const benchSchemas = async (book: Book, rounds: number): Promise<void> => {
  await benchRehearsal(book, rounds)
  await benchDrift(book, rounds)
}
