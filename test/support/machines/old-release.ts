import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')

/** The release before projects had names: what it leaves on hosts is read, and finished, by those after it. */
const commit = '9b5fe06'

export type OldRelease = Disposable & { bundle: string }

const requireCommit = (): void => {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root, stdio: 'ignore' })
  } catch {
    throw new Error(`commit ${commit} is not in this clone: git fetch --unshallow`)
  }
}

/** That release, built from this repository's history with this checkout's packages. */
export const buildOldRelease = (): OldRelease => {
  requireCommit()
  const directory = mkdtempSync(join(tmpdir(), 'po-migrate-old-'))
  const archive = execFileSync('git', ['archive', commit], { cwd: root, maxBuffer: 2 ** 28 })
  execFileSync('tar', ['-xf', '-', '-C', directory], { input: archive })
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  execFileSync(process.execPath, ['build.ts'], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    bundle: join(directory, 'dist/po-migrate.mjs'),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}
