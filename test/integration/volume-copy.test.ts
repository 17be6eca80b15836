import { afterAll, beforeAll, expect, it } from 'vitest'
import { copyVolume } from '../../src/cutover/volume-copy.ts'
import { readNextTransaction } from '../../src/io/docker/control-data.ts'
import { connectDocker, type Docker } from '../../src/io/docker/docker.ts'
import { resolveEndpoint } from '../../src/io/docker/endpoint.ts'
import { runShell } from '../../src/io/host/shell.ts'
import { docker as cli, uniqueName } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'

const [from, to] = [uniqueName('from'), uniqueName('to')]
const options = {
  image: postgresImage,
  owner: { volume: from, run: 'copying', project: 'shop' },
  from,
  to,
  onProgress: () => {},
}
let docker: Docker
const inVolume = (volume: string, script: string): Promise<string> =>
  cli(['run', '--rm', '--volume', `${volume}:/v`, '--entrypoint', 'sh', postgresImage, '-c', script])

beforeAll(async () => {
  docker = await connectDocker(await resolveEndpoint(process.env, runShell))
  for (const volume of [from, to]) await cli(['volume', 'create', volume])
})
afterAll(async () => {
  for (const volume of [from, to]) await cli(['volume', 'rm', '--force', volume])
})

it('a directory that once held more files is copied like any other', async () => {
  const files = 'mkdir /v/d && cd /v/d && seq 5000 | xargs touch && seq 4900 | xargs rm && stat -c %s .'
  const size = Number(await inVolume(from, files))
  // On a file system that lets directories shrink there is nothing to see.
  expect(size).toBeGreaterThan(0)
  await copyVolume(docker, { ...options, requireClean: false })
  expect(await inVolume(to, 'ls /v/d | wc -l')).toBe('100')
})

it('a server that did not shut down cleanly is not copied where that is asked for', async () => {
  await inVolume(from, 'touch /v/postmaster.pid')
  await expect(copyVolume(docker, { ...options, requireClean: true })).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('was not shut down cleanly'),
  })
  await copyVolume(docker, { ...options, requireClean: false })
})

it('data two directories down, as the image has it since Postgres 18, is seen to be unclean, and tells its transaction', async () => {
  const data = '/v/18/docker'
  const make = `rm -rf /v/* && mkdir -p ${data} && chown postgres ${data} && chmod 700 ${data}`
  await inVolume(
    from,
    `${make} && su postgres -c "PATH=$PATH initdb -N -D ${data}" >/dev/null && touch ${data}/postmaster.pid`,
  )
  await expect(copyVolume(docker, { ...options, requireClean: true })).rejects.toMatchObject({
    message: expect.stringContaining('was not shut down cleanly'),
  })
  const { image, owner } = options
  expect(await readNextTransaction(docker, { volume: from, data: undefined, image, owner })).toBeGreaterThan(
    0n,
  )
})
