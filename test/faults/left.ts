import { readFileSync } from 'node:fs'
import { cellOf, readPassed, sources } from '../support/faults/passed.ts'

/*
 * What `make test-faults` has to run yet: reads what `vitest list --json` says, prints the files with such cells, and on
 * stderr how long the cells took when they last passed, with whatever sources.
 */
const listed: { name: string; file: string; projectName: string }[] = JSON.parse(readFileSync(0, 'utf8'))
const passed = readPassed()
const last = new Map(passed.map(({ cell, milliseconds }) => [cell, milliseconds]))
const done = new Set(passed.flatMap((one) => (one.sources === sources ? [one.cell] : [])))

const left = listed.filter(({ name, file }) => !done.has(cellOf(file, name)))
const known = left.flatMap(({ name, file }) => last.get(cellOf(file, name)) ?? [])
const minutes = Math.ceil(known.reduce((sum, one) => sum + one, 0) / 60_000)
const [first] = listed
const words = [
  `${first?.projectName}: ${listed.length} cells, ${listed.length - left.length} passed with these sources and are skipped`,
  `${known.length} took ${minutes} min in all when they last passed`,
  `${left.length - known.length} were never seen to pass here`,
]
if (first) console.error(`test-faults: ${words.join('; ')}`)
for (const file of new Set(left.map(({ file }) => file))) console.log(file)
