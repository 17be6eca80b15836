import { directed, directedCutovers } from './directed.ts'
import { buildWithout, type Guard } from './guard.ts'
import { guards } from './guards.ts'
import { type Lane, openLane, playIn, sequenceOf } from './sequence.ts'
import { special } from './special.ts'
import { Violation } from './violation.ts'

type Notice = { by: string; what: string }

const has = <T extends object>(table: T, name: PropertyKey): name is keyof T => Object.hasOwn(table, name)

const line = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 160)

/** @throws what is no violation: a machine that is too slow, or an engine that is in the way, has noticed nothing. */
const noticeOf = (by: string, error: Error): Notice => {
  if (!(error instanceof Violation)) throw error
  return { by, what: error.message }
}

const playNamed = async (lane: Lane, name: string): Promise<Notice | undefined> => {
  if (has(special, name))
    return special[name](lane).then(
      () => undefined,
      (error: Error) => noticeOf(name, error),
    )
  const failed = has(directed, name)
    ? await playIn(lane, { of: 'migrations', operations: directed[name] })
    : has(directedCutovers, name)
      ? await playIn(lane, { of: 'cutovers', operations: directedCutovers[name] })
      : undefined
  return failed && noticeOf(`${name}, operation ${failed.number}`, failed.error)
}

const playSeeds = async (lane: Lane, [from, to]: readonly [number, number]): Promise<Notice | undefined> => {
  for (let seed = from; seed <= to; seed++) {
    const failed = await playIn(lane, sequenceOf(seed))
    if (failed) return noticeOf(`seed ${seed}, operation ${failed.number}`, failed.error)
  }
  return undefined
}

/** Switched off, the guard has to be missed by what is said to notice it. */
const notice = async (lane: Lane, { noticedBy }: Guard): Promise<Notice | undefined> => {
  for (const what of noticedBy) {
    const noticed = typeof what === 'string' ? await playNamed(lane, what) : await playSeeds(lane, what)
    if (noticed) return noticed
  }
  return undefined
}

const wanted = process.argv.slice(2)
let missed = 0
console.log('| guard that is switched off | noticed by | what is seen |\n|---|---|---|')
for (const guard of guards.filter(
  ({ name }: Guard) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
)) {
  using built = buildWithout(guard)
  await using lane = await openLane(built.bundle)
  const noticed = await notice(lane, guard)
  if (!noticed) missed++
  console.log(
    `| ${guard.name} | ${noticed ? noticed.by : '**not noticed**'} | ${line(noticed?.what ?? '')} |`,
  )
}
process.exitCode = missed === 0 ? 0 : 1
