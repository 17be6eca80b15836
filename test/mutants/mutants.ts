import { globSync, readFileSync } from 'node:fs'
import { seededRandom } from '../support/random.ts'
import { equal } from './equal.ts'
import { findMutants, type Mutant, mutated } from './find-mutants.ts'
import { openUnitTests } from './run-tests.ts'

/*
 * Changes one operator of the pure floors at a time, and counts what no unit test notices. Stryker 10 is not it: it crashes
 * on TypeScript 7, and draws no sample.
 */
const floors = 'src/{plan,cutover/plan,backup/plan,model,config,lint,report}/**/*.ts'
const atMost = 0.05

const seed = Number(process.env.SEED || Date.now() % 100_000)
const size = Number(process.env.SAMPLE || 100)
const wanted = process.argv.slice(2)

type Candidate = Mutant & { text: string; at: number; line: string }

const candidatesOf = (file: string): Candidate[] => {
  const text = readFileSync(file, 'utf8')
  return findMutants(file, text).map((mutant) => {
    const at = text.slice(0, mutant.start).split('\n').length
    const line = mutated(mutant, text).split('\n')[at - 1]?.trim() ?? ''
    return { ...mutant, text, at, line }
  })
}

const isEqual = ({ file, line }: Candidate): boolean => equal[file]?.[line] !== undefined

const draw = (all: readonly Candidate[]): Candidate[] => {
  const random = seededRandom(seed)
  const keyed = all.map((candidate) => ({ candidate, key: random() }))
  return keyed
    .sort((a, b) => a.key - b.key)
    .slice(0, size)
    .map(({ candidate }) => candidate)
}

const everything = globSync(floors).sort().flatMap(candidatesOf)
for (const [file, lines] of Object.entries(equal))
  for (const line of Object.keys(lines))
    if (!everything.some((one) => one.file === file && one.line === line))
      throw new Error(`test/mutants/equal.ts: ${file} has no mutant any more that reads ${line}`)

const sample = draw(
  everything
    .filter(({ file }) => wanted.length === 0 || wanted.some((path) => file.startsWith(path)))
    .filter((candidate) => !isEqual(candidate)),
)
console.log(`${sample.length} of ${everything.length} mutants, SEED=${seed}`)
await using tests = await openUnitTests()
let living = 0
for (const [index, mutant] of sample.entries()) {
  if (index > 0 && index % 10 === 0) console.log(`${index} tried, ${living} live`)
  if (await tests.notice({ file: mutant.file, text: mutated(mutant, mutant.text) })) continue
  living++
  const was = mutant.text.slice(mutant.start, mutant.end)
  console.log(
    `lives: ${mutant.file}:${mutant.at}  ${was} → ${mutant.replacement || 'nothing'}\n    ${mutant.line}`,
  )
}
console.log(`${sample.length - living} noticed, ${living} live, SEED=${seed}`)
process.exitCode = living > sample.length * atMost ? 1 : 0
