import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needTool } from '../support/machines/apt.ts'

const script = join(import.meta.dirname, '../../infrastructure/scripts/ssh-setup.sh')

let directory: string
beforeAll(async () => {
  await needTool('ssh-keygen', 'openssh-client')
  directory = mkdtempSync(join(tmpdir(), 'pmt-keys-'))
  for (const [name, passphrase] of [
    ['open', ''],
    ['locked', 'secret'],
  ] as const)
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', join(directory, name)])
  const key = readFileSync(join(directory, 'open'), 'utf8')
  writeFileSync(join(directory, 'windows'), key.replaceAll('\n', '\r\n').trimEnd())
  writeFileSync(join(directory, 'half'), key.slice(0, 120))
  writeFileSync(join(directory, 'known_hosts'), 'vps ssh-ed25519 AAAA\r\n')
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** As a job does, whose shell sources it. */
const setUp = (key: string) => {
  const env = {
    PATH: process.env.PATH,
    SSH_PRIVATE_KEY: join(directory, key),
    SSH_KNOWN_HOSTS: join(directory, 'known_hosts'),
  }
  const command = `. '${script}' && ssh-keygen -y -f "$ssh_directory/key" && grep -c $'\\r' "$ssh_directory/known_hosts"`
  return spawnSync('bash', ['-c', command], { env, encoding: 'utf8' })
}

describe("a job's deploy key", () => {
  it.each(['open', 'windows'])('is usable however it was pasted: %s', (key) => {
    const { stdout, stderr } = setUp(key)
    const [type, body] = readFileSync(join(directory, 'open.pub'), 'utf8').split(' ')
    expect(stdout, stderr).toContain(`${type} ${body}`)
    // No line end of Windows is left.
    expect(stdout.trim().split('\n').at(-1)).toBe('0')
  })

  it.each([
    [
      'locked',
      'The key in SSH_PRIVATE_KEY has a passphrase, and nobody is there to type it.',
      'ssh-keygen -t ed25519 -N ""',
    ],
    ['half', 'SSH_PRIVATE_KEY holds no private key', 'paste the whole file'],
    ['open.pub', 'SSH_PRIVATE_KEY holds no private key', 'paste the whole file'],
  ])('that cannot be used is 2, with the reason and what to do: %s', (key, why, remedy) => {
    const { status, stderr } = setUp(key)
    expect(status, stderr).toBe(2)
    expect(stderr).toContain(why)
    expect(stderr).toContain(remedy)
  })
})
