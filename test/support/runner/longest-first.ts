import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { root } from '../root.ts'

/** Seconds by file, as a whole run on two cores took them: `PO_RECORD_DURATIONS=1 make test`. */
export const durationsFile = join(root, 'test/durations.json')

const known: Record<string, number> = existsSync(durationsFile)
  ? JSON.parse(readFileSync(durationsFile, 'utf8'))
  : {}

/** Of a new file that talks to an engine. */
const unknown = 60

const seconds = ({ moduleId, project }: TestSpecification): number =>
  known[relative(root, moduleId)] ?? (project.name === 'unit' ? 0 : unknown)

/** Whatever runs long begins first, of all projects of a group: no worker is left with a long file at the end. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const group = ({ project }: TestSpecification): number => project.config.sequence.groupOrder
    return files.toSorted((a, b) => group(a) - group(b) || seconds(b) - seconds(a))
  }
}
