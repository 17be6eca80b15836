import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { execPath } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { runGroup } from '../../../../src/io/native/run-group.ts'

const sh = (
  script: string,
  signal = new AbortController().signal,
  more: { isBound?: boolean; onOutput?: (text: string) => void } = {},
) => runGroup('/bin/sh', ['-c', script], { cwd: '/', env: { ONLY: 'this' }, signal, isBound: false, ...more })

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
    const { exitCode, output } = await runGroup('/no/such', [], { cwd: '/', env: {}, signal, isBound: false })
    expect(exitCode).toBe(127)
    expect(output).toContain('ENOENT')
  })
})

describe('a command that is bound to whoever started it', () => {
  const bound = (script: string, signal?: AbortSignal) => sh(script, signal, { isBound: true })

  it('answers as any other, and reads nothing', async () => {
    expect(await bound('read -r line; echo "out $ONLY $HOME $line"; echo err >&2; exit 3')).toEqual({
      exitCode: 3,
      output: 'out this  \n\nerr\n',
    })
  })

  it('is heard while it speaks', async () => {
    const heard: string[] = []
    const onOutput = (text: string) => heard.push(text)
    await sh('echo one; sleep 0.3; echo two', undefined, { isBound: true, onOutput })
    expect(heard).toEqual(['one\n', 'two\n'])
  })

  it('has no exit code when a signal ended it, and no words of the shell', async () => {
    expect(await bound('kill -KILL $$')).toEqual({ exitCode: null, output: '\n' })
  })

  it('is ended with what it started, at once', async () => {
    const ending = new AbortController()
    const running = bound('sleep 60 & echo $!; wait', ending.signal)
    await sleep(200)
    ending.abort()
    const { exitCode, output } = await running
    expect(exitCode).toBeNull()
    expect(await untilGone(output.trim())).toBe(true)
  })

  it('ends with the process that started it, and what it started, too', async () => {
    const module = new URL('../../../../src/io/native/run-group.ts', import.meta.url)
    const program = `import { runGroup } from ${JSON.stringify(module.href)}
      const { signal } = new AbortController()
      const onOutput = (text) => process.stdout.write(text)
      await runGroup('/bin/sh', ['-c', 'sleep 60 & echo $$ $!; wait'], { cwd: '/', env: {}, signal, isBound: true, onOutput })`
    const parent = spawn(execPath, ['--input-type=module', '--eval', program])
    const [said] = await once(parent.stdout, 'data')
    const pids = String(said).trim().split(' ')
    expect(pids).toHaveLength(2)
    expect(pids.map(runs)).toEqual([true, true])
    parent.kill('SIGKILL')
    for (const pid of pids) expect(await untilGone(pid)).toBe(true)
  })
})
