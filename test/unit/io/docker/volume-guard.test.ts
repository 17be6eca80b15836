import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { connectDocker } from '../../../../src/io/docker/docker.ts'
import { holdVolume } from '../../../../src/io/docker/volume-guard.ts'

/** An engine whose removal of a container hangs: its name is taken, and nobody's. That cannot be had on demand. */
const openHangingEngine = async () => {
  const server = createServer((request, response) => {
    const { method, url = '' } = request
    const [status, body] =
      method === 'POST'
        ? [409, { message: 'in use' }]
        : url.includes('/images/')
          ? [200, { Config: {} }]
          : [404, {}]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    docker: await connectDocker({ host: `http://127.0.0.1:${port}` } as Parameters<typeof connectDocker>[0]),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('the guard of a volume', () => {
  it('whose name is neither free nor anybody’s is waited for as long as was asked, and no longer', async () => {
    await using engine = await openHangingEngine()
    let waited = 0
    const holding = holdVolume(engine.docker, {
      ...{ volume: 'data', images: ['debian'], wait: 0, interrupt: new AbortController().signal },
      holder: { run: 'r', project: 'p' } as Parameters<typeof holdVolume>[1]['holder'],
      onWait: () => waited++,
    })
    await expect(holding).rejects.toMatchObject({ exitCode: 5, message: expect.stringContaining('data') })
    expect(waited).toBe(0)
  })
})
