import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { manifest } from '../../support/tool/inventories.ts'
import { makeProject } from '../../support/tool/project.ts'
import { runTool, type ToolOptions } from '../../support/tool/tool.ts'

const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

/** Restores from a directory of that name, in a project of its own; nothing here gets as far as Docker. */
const restore = async (name: string, files: Record<string, string>, options: Partial<ToolOptions> = {}) => {
  using project = makeProject({ network: 'none', store: { iam: { '00001_a.sql': '' } } })
  const directory = join(project.directory, name)
  mkdirSync(directory)
  const env = { DOCKER_HOST: 'unix:///no/such/engine.sock', XDG_STATE_HOME: project.directory }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text)
  const result = await runTool(['restore', 'dev', '--from', directory], {
    ...{ cwd: project.directory, env },
    ...options,
  })
  return { ...result, directory }
}

const whole = JSON.stringify(manifest([], { globals: { file: 'globals.sql', bytes: 3, sha256 } }))

describe('restore', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('hears %s while it reads the files, and answers %i', async (signal, exit) => {
    const files = { 'manifest.json': whole, 'globals.sql': 'abc' }
    expect(await restore('b', files, { interrupt: AbortSignal.abort(signal) })).toMatchObject({
      exit,
      stderr: expect.stringContaining(`Interrupted by ${signal} while the files of the backup were read.`),
    })
  })

  it.each([
    ['is damaged', { 'manifest.json': whole, 'globals.sql': 'abd' }, 4],
    ['is none', {}, 2],
  ])('of a backup that %s shows the command that lists others', async (_, files, exit) => {
    const result = await restore('b', files)
    expect(result).toMatchObject({ exit, stderr: expect.stringContaining('→ po-migrate history dev\n') })
  })
})
