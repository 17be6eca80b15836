import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openSsh } from '../../../src/remote/ssh.ts'

/** A program called ssh that tells how it was called. */
const directory = mkdtempSync(join(tmpdir(), 'po-migrate-ssh-'))
writeFileSync(join(directory, 'ssh'), '#!/bin/sh\nprintf "%s\\n" "$@"\n')
chmodSync(join(directory, 'ssh'), 0o755)
afterAll(() => rmSync(directory, { recursive: true }))

const called = async (env: Record<string, string>): Promise<string[]> => {
  let said = ''
  const onStdout = (text: string): void => {
    said += text
  }
  const PATH = `${directory}:${process.env.PATH}`
  const { ended } = await openSsh('me@vps', ['true'], {
    env: { PATH, ...env },
    onStdout,
    onStderr: () => {},
  })
  expect(await ended).toBe(0)
  return said.split('\n')
}

describe('ssh', () => {
  it("takes the user's own config, or the one that a job names", async () => {
    expect(await called({})).not.toContain('-F')
    expect((await called({ PO_SSH_CONFIG: '/job/config' })).slice(0, 3)).toEqual(['-F', '/job/config', '-T'])
  })
})
