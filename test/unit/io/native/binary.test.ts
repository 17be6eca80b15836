import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runShell } from '../../../../src/io/host/shell.ts'
import { digestOf, findBinary } from '../../../../src/io/native/binary.ts'

let directory: string
const program = (place: string, said: string, mode = 0o755): string => {
  mkdirSync(join(directory, place), { recursive: true })
  const file = join(directory, place, 'dbmate')
  writeFileSync(file, `#!/bin/sh\n${said}\n`, { mode })
  return file
}
beforeAll(() => {
  directory = mkdtempSync('/tmp/pmt-binary-')
})
afterAll(() => rmSync(directory, { recursive: true }))

const image = 'amacneil/dbmate:2.36.0'
const find = (given: { binary?: string; path?: string; image?: string }) =>
  findBinary({ image, path: '/usr/bin:/bin', shell: runShell, ...given })
const refusing = (why: RegExp) =>
  expect.objectContaining({ exitCode: 2, message: expect.stringMatching(why), hint: expect.anything() })

describe("dbmate's program", () => {
  it('is the first of the PATH that can be run, unless the config names one', async () => {
    program('plain', '', 0o644)
    const first = program('first', 'echo "dbmate version 2.36.0"')
    const second = program('second', 'echo "dbmate version 2.36.0"')
    const path = ['plain', 'first', 'second'].map((name) => join(directory, name)).join(':')
    expect(await find({ path })).toEqual({ file: first, version: '2.36.0' })
    expect(await find({ path, binary: second })).toEqual({ file: second, version: '2.36.0' })
  })

  it('may be any version where the config pins none', async () => {
    const binary = program('old', 'echo "dbmate version 2.28.0"')
    for (const reference of ['registry:5000/dbmate', 'amacneil/dbmate:latest', 'amacneil/dbmate:2'])
      expect(await find({ binary, image: reference })).toMatchObject({ version: '2.28.0' })
    for (const reference of [image, 'registry:5000/dbmate:v2.36.0'])
      await expect(find({ binary, image: reference })).rejects.toEqual(
        refusing(/is dbmate 2\.28\.0.*pins 2\.36\.0/),
      )
  })

  it('has to be there, to run and to tell its version', async () => {
    await expect(find({ path: '' })).rejects.toEqual(refusing(/No dbmate is on the PATH/))
    await expect(find({ binary: join(directory, 'none') })).rejects.toEqual(
      refusing(/no program that can be run/),
    )
    await expect(find({ binary: directory })).rejects.toEqual(refusing(/no program that can be run/))
    const broken = program('broken', 'echo "cannot execute" >&2; exit 126')
    await expect(find({ binary: broken })).rejects.toEqual(
      refusing(/does not tell its version: cannot execute/),
    )
    const odd = program('odd', 'echo hello')
    await expect(find({ binary: odd })).rejects.toEqual(refusing(/does not tell its version: hello/))
  })

  it('is known by what is in it', async () => {
    const file = program('known', 'echo')
    expect(await digestOf(file)).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(await digestOf(program('same', 'echo'))).toBe(await digestOf(file))
  })
})
