import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { connectDocker, type Docker } from '../../src/io/docker/docker.ts'
import { resolveEndpoint } from '../../src/io/docker/endpoint.ts'
import { readMade, removeVolume, wipeVolume } from '../../src/io/docker/volume-life.ts'
import { runShell } from '../../src/io/host/shell.ts'
import { docker as cli, uniqueName } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'

const volume = uniqueName('wiped')
const options = { stack: volume, image: postgresImage, volume }
const by = (run: string) => ({ owner: { volume, run, project: 'shop' } })
let docker: Docker
let directory: string
let data: string

/** A volume that is a directory of the machine: Docker removes the volume, and leaves what is in it. */
beforeEach(async () => {
  docker = await connectDocker(await resolveEndpoint(process.env, runShell))
  directory = mkdtempSync(join(tmpdir(), 'pmt-bind-'))
  data = join(directory, 'data')
  mkdirSync(data)
  writeFileSync(join(data, 'row'), 'kept by somebody')
  const bind = ['type=none', 'o=bind', `device=${data}`].flatMap((option) => ['--opt', option])
  await cli(['volume', 'create', ...bind, '--label', 'mine=yes', volume])
})
afterEach(async () => {
  await cli(['volume', 'rm', '--force', volume])
  rmSync(directory, { recursive: true, force: true })
})

const expectEmptyBind = async (run: string): Promise<void> => {
  expect(await readMade(docker, volume)).toEqual({
    driver: 'local',
    options: { type: 'none', o: 'bind', device: data },
    labels: { mine: 'yes', 'po-migrate.wiped-by': run },
  })
  expect(existsSync(join(data, 'row'))).toBe(false)
}

it('a volume on a directory of its own is empty, and as it was made', async () => {
  const made = await readMade(docker, volume)
  await wipeVolume(docker, { ...options, ...by('one'), made })
  await expectEmptyBind('one')
})

it('a second call of the same run does nothing', async () => {
  const made = await readMade(docker, volume)
  await wipeVolume(docker, { ...options, ...by('one'), made })
  writeFileSync(join(data, 'row'), 'new')
  await wipeVolume(docker, { ...options, ...by('one'), made })
  expect(existsSync(join(data, 'row'))).toBe(true)
})

it('a call that died when the volume was gone is made up for by the next', async () => {
  const made = await readMade(docker, volume)
  await removeVolume(docker, volume)
  await wipeVolume(docker, { ...options, ...by('one'), made })
  await expectEmptyBind('one')
})
