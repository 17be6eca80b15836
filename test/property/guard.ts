import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { directed, directedCutovers } from './directed.ts'
import type { special } from './special.ts'

/** A change that must fit exactly once, so that nobody takes a guard for switched off that is somewhere else now. */
export type Patch = { file: string; search: string; replace: string }

export type Guard = {
  name: string
  patches: readonly Patch[]
  /** What has to notice, from the first that does; random sequences of the seeds where it is a pair of numbers. */
  noticedBy: readonly (
    | keyof typeof directed
    | keyof typeof directedCutovers
    | keyof typeof special
    | readonly [number, number]
  )[]
}

const root = join(import.meta.dirname, '../..')

const apply = (directory: string, { file, search, replace }: Patch): void => {
  const path = join(directory, file)
  const text = readFileSync(path, 'utf8')
  const fits = text.split(search).length - 1
  if (fits !== 1) throw new Error(`${file}: the patch fits ${fits} times, not once: ${search}`)
  writeFileSync(
    path,
    text.replace(search, () => replace),
  )
}

/** The tool, built from a copy of the sources in which a guard is switched off. */
export const buildWithout = ({ patches }: Pick<Guard, 'patches'>): Disposable & { bundle: string } => {
  const directory = mkdtempSync(join(tmpdir(), 'po-migrate-without-'))
  for (const part of ['src', 'build.ts', 'package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(join(root, part), join(directory, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  for (const patch of patches) apply(directory, patch)
  execFileSync(process.execPath, ['build.ts'], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    bundle: join(directory, 'dist/po-migrate.cjs'),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}
