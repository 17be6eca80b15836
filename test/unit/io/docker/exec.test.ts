import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Docker } from '../../../../src/io/docker/docker.ts'
import { runExec } from '../../../../src/io/docker/exec.ts'
import { dockerFrame as frame } from '../../support/fixtures.ts'

const fakeDocker = () => {
  const commands: string[][] = []
  const output = new PassThrough()
  const docker = {
    getContainer: () => ({
      exec: async ({ Cmd }: { Cmd: string[] }) => {
        commands.push(Cmd)
        return {
          start: async () => (commands.length === 1 ? output : new PassThrough()),
          inspect: async () => ({ Running: false, ExitCode: 143 }),
        }
      },
    }),
  }
  return { docker: docker as unknown as Docker, commands, output }
}

describe('a command in a container', () => {
  it('is signalled once, however much it still writes', async () => {
    const { docker, commands, output } = fakeDocker()
    const abort = new AbortController()
    const running = runExec(docker, { container: 'c', command: ['pg_dump'], signal: abort.signal })
    output.write(frame(2, '42\n'))
    await new Promise((resolve) => setTimeout(resolve, 10))
    abort.abort()
    for (let count = 0; count < 5; count++) output.write(frame(1, 'data'))
    output.end()
    expect(await running).toMatchObject({ exitCode: 143 })
    expect(commands.slice(1)).toEqual([['sh', '-c', 'kill -TERM "$0"', '42']])
  })
})
