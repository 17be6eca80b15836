import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hashSources } from '../../../src/io/host/build.ts'
import { requireFreshBuild } from '../../../src/run/fresh-build.ts'

const withFiles = (files: Record<string, string>, body: (root: string) => void): void => {
  const root = mkdtempSync(join(tmpdir(), 'pmt-build-'))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  try {
    body(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

const check = (root: string) => () => requireFreshBuild(root)
const checkout = {
  'src/main.ts': 'main',
  'src/io/a.ts': 'a',
  'package-lock.json': '{}',
  'dist/po-migrate.cjs': '',
}

describe('in a checkout a bundle', () => {
  it('runs while src/ and the lockfile are what they were when it was built', () => {
    withFiles(checkout, (root) => {
      writeFileSync(join(root, 'dist/SOURCES'), `${hashSources(root)}\n`)
      expect(check(root)).not.toThrow()
      writeFileSync(join(root, 'README.md'), 'new')
      expect(check(root)).not.toThrow()
    })
  })

  it.each([
    ['a changed file', 'src/io/a.ts'],
    ['a new file', 'src/io/b.ts'],
    ['another lockfile', 'package-lock.json'],
  ])('is refused after %s: exit 2 with the command', (_, file) => {
    withFiles(checkout, (root) => {
      writeFileSync(join(root, 'dist/SOURCES'), hashSources(root))
      writeFileSync(join(root, file), 'other')
      expect(check(root)).toThrow(
        expect.objectContaining({ exitCode: 2, hint: `cd ${root} && npm ci && npm run build` }),
      )
    })
  })

  it('is refused when it does not say what it was built from', () => {
    withFiles(checkout, (root) => expect(check(root)).toThrow('older than its sources'))
  })
})

describe('in a release a bundle', () => {
  it.each(['4f2a', '4f2a dirty'])('runs when it was built from the release itself: %s', (revision) => {
    withFiles({ REVISION: `${revision}\n`, 'dist/REVISION': `${revision}\n` }, (root) =>
      expect(check(root)).not.toThrow(),
    )
  })

  it.each([
    ['another commit', '77bc'],
    ['the same one with changes', '4f2a dirty'],
    ['nobody knows what', ''],
  ])('is refused when it was built from %s', (_, bundle) => {
    withFiles({ REVISION: '4f2a\n', 'dist/REVISION': bundle }, (root) =>
      expect(check(root)).toThrow(
        expect.objectContaining({ exitCode: 2, message: expect.stringContaining('of commit 4f2a') }),
      ),
    )
  })
})

it('a package from npm, without sources and without a release around it, runs', () => {
  withFiles({ 'dist/po-migrate.cjs': '', 'package.json': '{}' }, (root) => expect(check(root)).not.toThrow())
})
