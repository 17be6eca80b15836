import { type Book, secondsOf } from './book.ts'
import { measure, type Row } from './measure.ts'
import { bash, failing, native, peakMemory, tool } from './runners.ts'
import { openWorld } from './world.ts'

export type Counts = {
  rounds: number
  /** Named ones, as many as a server has no connections for. */
  named: number
  many: number
  /** Once, and not by bash, which takes minutes with nothing to do. */
  most: number
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `db_${index + 1}`)

const three = [tool, bash, native] as const
const two = [tool, native] as const

const fromEmpty = async ({ tell }: Book, count: number): Promise<void> => {
  await using world = await openWorld(numbered(count))
  world.files(1)
  tell(
    await measure({
      what: `${count} databases from empty, 1 file each`,
      ...{ world, rounds: 1, runners: three },
      before: world.dropAll,
      expected: () => count,
    }),
  )
}

/** A fleet: nothing to do, one file in each, and with the most databases a canary that fails. */
const fleetOf = async (book: Book, count: number, { rounds, many, most }: Counts): Promise<Row> => {
  await using world = await openWorld(numbered(count), 'fleet')
  world.files(1)
  await tool.run(world)
  const isMost = count === most
  const runners = isMost ? two : three
  const what = `${count} databases, nothing pending`
  const row = book.tell(await measure({ what, ...{ world, rounds: isMost ? 1 : rounds, runners } }))
  if (isMost) book.note(`MiB at most, ${what}`, await peakMemory(world))
  if (count < many) return row
  const before = (): void => world.oneMore()
  const pending = `${count} databases, one file pending in each`
  book.tell(await measure({ what: pending, ...{ world, rounds: 1, runners, before } }))
  if (!isMost) return row
  world.broken()
  // The native runner came last, and its file is in no ledger yet.
  const canary = `${count} databases, a canary that fails, once what dbmate applied is taken in`
  book.tell(await measure({ what: canary, ...{ world, rounds: 1, runners: [failing] } }))
  // The others are left as they were; asking all of them would take longer than what is measured.
  if ((await world.postgres.versions('db_2')).includes('99999')) throw new Error('the canary was not alone')
  return row
}

/** The cost against the number of databases. */
export const benchMany = async (book: Book, counts: Counts): Promise<void> => {
  const { named, many, most } = counts
  await fromEmpty(book, named)
  const numbers = [1, Math.round(many / 4), Math.round(many / 2), many, most]
  const found: Row[] = []
  for (const count of numbers) found.push(await fleetOf(book, count, counts))
  book.chart('databases', {
    title: 'Nothing pending',
    x: 'databases',
    lines: three.map(({ name }) => ({
      name,
      points: found.flatMap((row, index) =>
        row.times[name] ? [[numbers[index] ?? 0, secondsOf(row, name)] as const] : [],
      ),
    })),
  })
}
