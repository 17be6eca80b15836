import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Dockerode from 'dockerode'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Modem } from '../../../../src/io/docker/dial.ts'
import { watchEngine } from '../../../../src/io/docker/watch.ts'

/** Stands for an engine whose container died between the making of a command and its start. */
let directory: string
const server = createServer((request, response) => {
  const made = request.url?.endsWith('/exec')
  response.writeHead(made ? 201 : 409, { 'content-type': 'application/json' })
  response.end(JSON.stringify(made ? { Id: 'x' } : { message: 'container is not running' }))
})
const connections = (): Promise<number> =>
  new Promise((resolve) => server.getConnections((_, count) => resolve(count)))

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'po-migrate-dial-'))
  await new Promise<void>((resolve) => server.listen(join(directory, 'docker.sock'), resolve))
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  rmSync(directory, { recursive: true })
})

describe('a request that was to become a stream', () => {
  it('leaves no connection behind when it is refused: an open one would keep the process', async () => {
    const docker = new Dockerode({ socketPath: join(directory, 'docker.sock') })
    watchEngine(docker.modem as unknown as Modem, 'the test')
    const exec = await docker.getContainer('gone').exec({ Cmd: ['true'], AttachStdin: true })
    await expect(exec.start({ hijack: true, stdin: true })).rejects.toMatchObject({ statusCode: 409 })
    for (let tries = 0; tries < 50 && (await connections()) > 0; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await connections()).toBe(0)
  })
})
