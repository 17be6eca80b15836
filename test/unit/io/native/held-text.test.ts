import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { holdText } from '../../../../src/io/native/held-text.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync('/tmp/pmt-held-')
})
afterEach(() => rmSync(directory, { recursive: true }))

const named = (): string[] => readdirSync('/dev/shm').filter((name) => name.startsWith('.held'))

describe('text that is held', () => {
  it('is read by another process as often as it likes, by nobody else, and has no name on any disk', () => {
    using _held = holdText('a secret\n', { directory, name: '.held' })
    const path = join(directory, '.held')
    expect(execFileSync('cat', [path, path], { encoding: 'utf8' })).toBe('a secret\na secret\n')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(path).isFile()).toBe(true)
    expect(statSync(path).nlink).toBe(0)
    expect(named()).toEqual([])
  })

  it('is gone when it is let go', () => {
    const held = holdText('a secret\n', { directory, name: '.held' })
    held[Symbol.dispose]()
    expect(existsSync(join(directory, '.held'))).toBe(false)
  })

  it('leaves nothing where its link cannot be made', () => {
    using _first = holdText('one', { directory, name: '.held' })
    expect(() => holdText('two', { directory, name: '.held' })).toThrow(/EEXIST/)
    expect(named()).toEqual([])
  })
})
