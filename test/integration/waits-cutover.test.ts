import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/engine/docker.ts'
import { type DockerProxy, startDockerProxy } from '../support/engine/docker-proxy.ts'
import { cutOver, devVictim, newest, type Victim } from '../support/faults/victim.ts'
import { signalTwice, startTool } from '../support/tool/process.ts'

let victim: Victim & AsyncDisposable
beforeAll(async () => {
  victim = await devVictim()
}, 300_000)
afterAll(() => victim[Symbol.asyncDispose]())

const isCopyBegun = (): boolean =>
  [...(newest(victim)?.begunSteps ?? [])].some((key) => key.startsWith('copy-volume'))

/** An engine that falls silent for good when the copy of the volume is waited for. */
const fallingSilent = (): Promise<DockerProxy> => {
  let isSilent = false
  return startDockerProxy({
    silent: (request) => {
      isSilent ||= request.endsWith('/wait') && isCopyBegun()
      return isSilent
    },
  })
}

const start = (proxy: DockerProxy) =>
  startTool(['cutover', 'dev', '--events', 'events'], {
    cwd: victim.directory,
    env: { ...victim.env, ...proxy.env },
  })

const expectWayBack = async (stderr: string): Promise<void> => {
  expect(stderr).toContain('po-migrate cutover dev --resume')
  expect(stderr).toContain('po-migrate cutover dev --undo')
  const undone = await cutOver(victim, '--undo')
  expect(undone.exit, undone.stderr).toBe(0)
  await victim.expectOld()
}

describe('a cutover whose engine falls silent in the copy of the volume', { timeout: 300_000 }, () => {
  it('ends by itself with a sentence and both commands', async () => {
    await using proxy = await fallingSilent()
    const { exit, stderr } = await start(proxy).ended
    expect(exit, stderr).toBe(1)
    expect(stderr).toContain('no sign of life 3 times in a row')
    await expectWayBack(stderr)
  })

  it('ends within 5 s of the second signal, and says which step was running', async () => {
    await using proxy = await fallingSilent()
    const tool = start(proxy)
    await eventually(
      'the copy',
      () => (isCopyBegun() && proxy.requests().at(-1)?.endsWith('/wait')) || undefined,
      90_000,
    )
    const asked = await signalTwice(tool, 'SIGINT')
    const { exit, stderr } = await tool.ended
    expect(performance.now() - asked).toBeLessThan(5000)
    expect(exit, stderr).toBe(130)
    expect(stderr).toMatch(/It was copy-volume \S+ \S+; what became of it is not known/)
    await expectWayBack(stderr)
  })
})
