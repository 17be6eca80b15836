import { join } from 'node:path'
import { openBook } from './book.ts'
import { benchFew } from './few.ts'
import { benchMany } from './many.ts'
import { benchSchemas } from './schemas.ts'
import { benchSwarm } from './swarm.ts'

/*
 * po-migrate beside the plain bash runner and beside dbmate's binary, on throwaway servers. They take turns; what counts is
 * their ratio in one run on an idle machine, never a time alone.
 */
const given = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)
const rounds = given('ROUNDS', 7)
/** Of the large cases, which take minutes. */
const largeRounds = given('LARGE_ROUNDS', 3)

const book = openBook(join(import.meta.dirname, '../../docs/benchmarks'))
await benchFew(book, rounds)
await benchSchemas(book, rounds)
const swarmRounds = given('SWARM_ROUNDS', rounds)
if (swarmRounds > 0) await benchSwarm(book, swarmRounds)
await benchMany(book, {
  rounds: largeRounds,
  named: given('NAMED_DATABASES', 110),
  many: given('DATABASES', 200),
  most: given('MOST_DATABASES', 1000),
})
await book.write()
