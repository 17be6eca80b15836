import { resolve } from 'node:path'
import { usageError } from '../../errors.ts'
import type { Shell } from './shell.ts'

export type BranchOptions = {
  /** Below it the files are listed. */
  directory: string
  env: Record<string, string | undefined>
  shell: Shell
}

/** Where the default branch may be found, the likeliest first; CI checks out no branch but the job's. */
const candidates = ({ CI_DEFAULT_BRANCH: named }: BranchOptions['env']): string[] => [
  ...(named ? [`origin/${named}`] : []),
  'origin/HEAD',
  ...(named ? [named] : []),
  ...['origin/main', 'origin/master', 'main', 'master'],
]

/**
 * Files below a directory that stand on the default branch, absolute: what is not among them the checkout adds.
 * @throws AppError (exit 2) where git knows no such branch.
 */
export const readDefaultBranch = async (
  options: BranchOptions,
): Promise<{ branch: string; files: Set<string> }> => {
  const { directory, env, shell } = options
  const { PATH, HOME } = env
  const git = (...args: string[]) => shell('git', ['-C', directory, ...args], { env: { PATH, HOME } })
  for (const branch of candidates(env)) {
    const { exitCode, stdout } = await git('ls-tree', '-r', '-z', '--name-only', branch, '--', '.')
    if (exitCode === 0) {
      const names = stdout.split('\0').filter(Boolean)
      return { branch, files: new Set(names.map((name) => resolve(directory, name))) }
    }
  }
  throw usageError(
    'What this branch adds cannot be told: git knows no default branch here.',
    'git fetch origin main, or verify every file: po-migrate verify',
    [`Looked for ${candidates(env).join(', ')} in ${directory}.`],
  )
}
