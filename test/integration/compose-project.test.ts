import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { docker } from '../support/engine/docker.ts'
import { composeProjects } from '../support/platform/compose-projects.ts'

it.each(composeProjects)('compose itself says so: the default network $title', async (project) => {
  const { files, from = '.', env = {}, network } = project
  const scratch = mkdtempSync(join(tmpdir(), 'pmt-compose-'))
  const directory = join(scratch, 'Web-Shop.1')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  const cwd = join(directory, from)
  mkdirSync(cwd, { recursive: true })
  const text = await docker(['compose', 'config', '--format', 'json'], { cwd, env })
  expect(JSON.parse(text).networks.default.name).toBe(network)
  rmSync(scratch, { recursive: true })
})
