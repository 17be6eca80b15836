import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { hashSources } from '../../../src/io/host/build.ts'
import { root } from '../root.ts'

/** A cell that passed: the sources it passed with, how long it took, its file and its name. */
type Passed = { sources: string; milliseconds: number; cell: string }

export const sources = hashSources(root)

/** The file below the root and the name, as vitest lists both. */
export const cellOf = (file: string, name: string): string => `${relative(root, file)} > ${name}`

/** PO_FAULT_DONE: a line for each cell that passed, oldest first. */
export const readPassed = (file = process.env.PO_FAULT_DONE): Passed[] => {
  if (!file || !existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [sources = '', milliseconds = '0', cell = ''] = line.split('\t')
      return { sources, milliseconds: Number(milliseconds), cell }
    })
}

/** Written as it passes: whatever ends the pass, the next one goes on behind it. */
export const keepPassed = (cell: string, milliseconds: number, file = process.env.PO_FAULT_DONE): void => {
  if (file) appendFileSync(file, `${sources}\t${Math.round(milliseconds)}\t${cell}\n`)
}
