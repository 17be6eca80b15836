import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readLogind } from '../../../../src/io/host/logind.ts'

const read = (...texts: string[]): boolean | undefined => {
  const directory = mkdtempSync(join(tmpdir(), 'po-migrate-logind-'))
  const files = texts.map((text, index) => {
    const file = join(directory, `${index}.conf`)
    writeFileSync(file, text)
    return file
  })
  const answer = readLogind([...files, join(directory, 'missing.conf')])
  rmSync(directory, { recursive: true })
  return answer
}

it.each([
  ['[Login]\n#KillUserProcesses=yes\n', false],
  ['[Login]\nKillUserProcesses=yes\n', true],
  ['[Login]\n KillUserProcesses = no\n', false],
])('reads whether logind kills what a user leaves from %j', (text, killing) => {
  expect(read(text)).toBe(killing)
})

it('lets a later file win, and knows of no logind where there is no file', () => {
  expect(read('KillUserProcesses=no\n', 'KillUserProcesses=yes\n')).toBe(true)
  expect(read()).toBeUndefined()
})
