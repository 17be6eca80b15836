import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { runGroup } from '../../../../src/io/native/run-group.ts'

const sh = (script: string, signal = new AbortController().signal) =>
  runGroup('/bin/sh', ['-c', script], { cwd: '/', env: { ONLY: 'this' }, signal })

/** Whether it runs: one that nobody waited for yet does not. */
const runs = (pid: string): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
const untilGone = async (pid: string): Promise<boolean> => {
  for (let round = 0; round < 50 && runs(pid); round++) await sleep(20)
  return !runs(pid)
}

describe('a command in a group of its own', () => {
  it('answers its exit code with what it said, and inherits nothing', async () => {
    expect(await sh('echo "out $ONLY $HOME"; echo err >&2; exit 3')).toEqual({
      exitCode: 3,
      output: 'out this \n\nerr\n',
    })
  })

  it('has no exit code when a signal ended it', async () => {
    expect(await sh('kill -KILL $$')).toMatchObject({ exitCode: null })
  })

  it('is ended with what it started, at once', async () => {
    const ending = new AbortController()
    const since = performance.now()
    const running = sh('sleep 60 & echo $!; wait', ending.signal)
    await sleep(200)
    ending.abort()
    const { exitCode, output } = await running
    expect(exitCode).toBeNull()
    expect(performance.now() - since).toBeLessThan(5000)
    expect(await untilGone(output.trim())).toBe(true)
  })

  it('takes along what it leaves behind, which would hold its output open', async () => {
    const { exitCode, output } = await sh('sleep 60 & echo $!; exit 0')
    expect(exitCode).toBe(0)
    expect(await untilGone(output.trim())).toBe(true)
  })

  it('is not started any more once it was ended', async () => {
    const ending = new AbortController()
    ending.abort()
    expect(await sh('echo started', ending.signal)).toEqual({ exitCode: null, output: '' })
  })

  it('says why there is no such command', async () => {
    const { signal } = new AbortController()
    const { exitCode, output } = await runGroup('/no/such', [], { cwd: '/', env: {}, signal })
    expect(exitCode).toBe(127)
    expect(output).toContain('ENOENT')
  })
})
