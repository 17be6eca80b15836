import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeRoomFor, writeWhole } from '../../../../src/io/host/write-whole.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'po-migrate-write-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

describe('a file that is written whole', () => {
  it('replaces the old one, and leaves nothing beside it', () => {
    const path = join(directory, 'page.html')
    writeFileSync(path, 'an old page that was longer')
    writeWhole(path, 'new', 1)
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(readdirSync(directory)).toEqual(['page.html'])
  })

  it('is written where a link points; the link stays one', () => {
    writeFileSync(join(directory, 'real'), 'old')
    symlinkSync('real', join(directory, 'link'))
    writeWhole(join(directory, 'link'), 'new', 1)
    expect(readFileSync(join(directory, 'real'), 'utf8')).toBe('new')
    expect(lstatSync(join(directory, 'link')).isSymbolicLink()).toBe(true)
  })

  it('replaces no device', () => {
    writeWhole('/dev/null', 'new', 1)
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  it('leaves the old one where somebody else writes beside it at this moment', () => {
    const path = join(directory, 'page.html')
    writeFileSync(path, 'old')
    writeFileSync(`${path}.1.tmp`, 'theirs')
    expect(() => writeWhole(path, 'new', 1)).toThrow('EEXIST')
    expect(readFileSync(path, 'utf8')).toBe('old')
  })

  it('has its directories made, and is refused where one stands in its place', () => {
    makeRoomFor(join(directory, 'a/b/page.html'))
    expect(existsSync(join(directory, 'a/b'))).toBe(true)
    mkdirSync(join(directory, 'page.html'))
    expect(() => makeRoomFor(join(directory, 'page.html'))).toThrow('it is a directory')
  })
})
