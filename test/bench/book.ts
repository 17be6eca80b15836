import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { docker } from '../support/engine/docker.ts'
import { type Chart, renderChart } from './chart.ts'
import type { Row } from './measure.ts'
import { renderResults } from './page.ts'

/** What a run of the benchmark found, told as it comes and written at the end. */
export type Book = {
  tell: (row: Row) => Row
  /** A number beside the rows, such as what a rehearsal adds. */
  note: (what: string, value: number) => void
  /** Seconds on the upright axis. */
  chart: (name: string, about: Omit<Chart, 'y'>) => void
  write: () => Promise<void>
}

const number = (value: number): string => value.toFixed(value < 1 ? 2 : 1)

/** Seconds. */
export const secondsOf = ({ times }: Row, name: string): number =>
  Number(((times[name]?.median ?? Number.NaN) / 1000).toFixed(3))

const machine = async () => ({
  cores: cpus().length,
  cpu: cpus()[0]?.model,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  node: process.version,
  docker: await docker(['version', '--format', '{{.Server.Version}}']),
  date: new Date().toISOString().slice(0, 10),
})

export const openBook = (directory: string): Book => {
  const rows: Row[] = []
  const notes: Record<string, number> = {}
  mkdirSync(directory, { recursive: true })
  return {
    tell: (row) => {
      rows.push(row)
      const said = Object.entries(row.ratios).map(
        ([name, { median, least, most }]) =>
          `${number(1 / median)} times as fast as ${name} (${number(1 / most)} to ${number(1 / least)})`,
      )
      const own = Object.entries(row.times)[0]
      console.info(`${row.what}: ${said.join(', ') || `${Math.round(own?.[1].median ?? 0)} ms`}`)
      return row
    },
    note: (what, value) => {
      notes[what] = value
      console.info(`${what}: ${value}`)
    },
    chart: (name, about) =>
      writeFileSync(join(directory, `${name}.svg`), renderChart({ ...about, y: 'seconds' })),
    write: async () => {
      const on = await machine()
      const results = { on, rows, notes }
      writeFileSync(join(directory, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
      writeFileSync(join(directory, 'README.md'), renderResults(results))
      console.info(`written to ${directory}`)
    },
  }
}
