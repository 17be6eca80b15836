import { type Book, secondsOf } from './book.ts'
import { measure, type Row } from './measure.ts'
import { bash, help, native, node, nodePgMigrate, tool, toolAbreast, toolNative } from './runners.ts'
import { openWorld, type World } from './world.ts'

const few = ['iam', 'calendar', 'rag']
const counts = [1, 5, 10, 30]

const fromEmpty = (world: World, { count, rounds }: { count: number; rounds: number }): Promise<Row> => {
  world.files(count)
  return measure({
    what: `${world.databases.length} databases from empty, ${count} files each`,
    ...{ world, rounds, runners: [tool, bash, native, toolNative, toolAbreast] },
    before: world.dropAll,
    expected: () => world.databases.length * count,
  })
}

/** All that can do this job; node-pg-migrate has databases of its own, since they are not dbmate's. */
const all = [tool, bash, native, toolNative, nodePgMigrate] as const

/** Three databases: the rows of every deploy, and of the first one. */
export const benchFew = async ({ tell, chart }: Book, rounds: number): Promise<void> => {
  await using world = await openWorld(few)
  for (const name of few) await world.postgres.psql('postgres', `create database ${name}_plain`)
  const empty: Row[] = []
  for (const count of counts) empty.push(tell(await fromEmpty(world, { count, rounds })))
  await nodePgMigrate.run(world)
  tell(await measure({ what: '3 databases, nothing pending', ...{ world, rounds, runners: all } }))
  tell(
    await measure({
      what: '1 of 3 databases has a pending file',
      ...{ world, rounds, runners: all },
      before: (_, { kind }) => world.oneMore('iam', kind),
    }),
  )
  tell(await measure({ what: '--help', world, rounds, runners: [help, node] }))
  chart('files', {
    title: 'First up of three databases',
    x: 'files in each database',
    lines: [tool, bash, native].map(({ name }) => ({
      name,
      points: empty.map((row, index) => [counts[index] ?? 0, secondsOf(row, name)] as const),
    })),
  })
}
