import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Shell } from './shell.ts'

export type Revision = { commit: string | null; dirty: boolean | null }

const unknown: Revision = { commit: null, dirty: null }

const findRelease = (directory: string): string | undefined => {
  for (let at = directory; ; at = dirname(at)) {
    if (existsSync(join(at, 'REVISION'))) return join(at, 'REVISION')
    if (at === dirname(at)) return undefined
  }
}

/** A release says what it was made of in `REVISION`: the commit, then `dirty` if it was. */
const readRelease = (file: string): Revision => {
  const [commit = '', state = ''] = readFileSync(file, 'utf8').trim().split(' ')
  return { commit: commit || null, dirty: state === 'dirty' }
}

/** The commit that a directory's files come from, by git or by a release's REVISION file, and whether they differ from it. */
export const readRevision = async (
  directory: string,
  env: Record<string, string | undefined>,
  shell: Shell,
): Promise<Revision> => {
  const release = findRelease(directory)
  if (release !== undefined) return readRelease(release)
  const git = (...args: string[]) => shell('git', ['-C', directory, ...args], { env })
  const asked = Promise.all([git('rev-parse', 'HEAD'), git('status', '--porcelain', '--', '.')])
  // Where git does not answer in time the commit is unknown, and the run goes on.
  const [head, status] = (await asked.catch(() => undefined)) ?? []
  if (!head || !status || head.exitCode !== 0) return unknown
  return { commit: head.stdout.trim(), dirty: status.stdout.trim() !== '' }
}
