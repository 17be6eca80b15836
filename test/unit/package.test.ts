import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pages, proseOf, root } from '../support/documents.ts'

const scratch = mkdtempSync(join(tmpdir(), 'po-migrate-package-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** What `npm pack` would take of a checkout that is built. */
const packed = (): string[] => {
  const directory = join(scratch, 'checkout')
  for (const path of [
    'bin',
    'docs',
    'schemas',
    'infrastructure',
    'package.json',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
  ])
    cpSync(join(root, path), join(directory, path), { recursive: true })
  for (const path of [
    'dist/po-migrate.cjs',
    'dist/chunk.cjs',
    'dist/libpg-query.wasm',
    'dist/node',
    'dist/.compile-cache/x',
  ]) {
    mkdirSync(join(directory, path, '..'), { recursive: true })
    writeFileSync(join(directory, path), '')
  }
  const text = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ files }] = JSON.parse(text.toString())
  return files.map(({ path }: { path: string }) => path)
}

describe('the npm package', () => {
  it('holds the tool, and everything that its README links', () => {
    const files = packed()
    expect(files).toEqual(
      expect.arrayContaining([
        'bin/po-migrate.cjs',
        'bin/start.cjs',
        'dist/po-migrate.cjs',
        'dist/libpg-query.wasm',
        'schemas/migrate.schema.json',
      ]),
    )
    const readme = pages.find(({ path }) => path === 'README.md') ?? { path: '', text: '' }
    const links = [...proseOf(readme).matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, path = '']) =>
      path.replace(/\/$/, ''),
    )
    expect(links.length).toBeGreaterThan(5)
    expect(
      links.filter((path) => !files.some((file) => file === path || file.startsWith(`${path}/`))),
    ).toEqual([])
  })

  it('holds nothing else: no script of this repository, no test, no cache, no Node', () => {
    const known = /^(?:bin|dist|docs|schemas)\/|^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE)$/
    const files = packed()
    expect(files.filter((file) => !known.test(file) || /compile-cache|^dist\/node/.test(file))).toEqual([])
  })

  it('brings no packages: they are in the bundle', () => {
    expect(manifest.dependencies ?? {}).toEqual({})
  })
})

describe('npm ci', () => {
  /** What it says of a package that wants another Node, in a directory with this .npmrc. */
  const complaints = (npmrc: string): string => {
    const directory = mkdtempSync(join(scratch, 'ci-'))
    const wanted = { name: 'wanted', version: '1.0.0', engines: { node: '>=999' } }
    const lock = {
      name: 'a',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: {
        '': { name: 'a', version: '1.0.0', dependencies: { wanted: 'file:wanted' } },
        'node_modules/wanted': { resolved: 'wanted', link: true },
        wanted,
      },
    }
    mkdirSync(join(directory, 'wanted'))
    writeFileSync(join(directory, 'wanted/package.json'), JSON.stringify(wanted))
    writeFileSync(
      join(directory, 'package.json'),
      JSON.stringify({ name: 'a', version: '1.0.0', dependencies: { wanted: 'file:wanted' } }),
    )
    writeFileSync(join(directory, 'package-lock.json'), JSON.stringify(lock))
    writeFileSync(join(directory, '.npmrc'), npmrc)
    // What runs the tests may be npm, which hands its own settings on.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
    return execFileSync('sh', ['-c', 'npm ci --offline 2>&1'], { cwd: directory, env }).toString()
  }

  it('is quiet about a Node that is older than the pinned one, which comes with the packages', () => {
    expect(complaints('')).toContain('EBADENGINE')
    expect(complaints(readFileSync(join(root, '.npmrc'), 'utf8'))).not.toContain('EBADENGINE')
  })
})
