import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeManifest } from '../../../src/backup/manifest.ts'
import { writeRunRecord } from '../../../src/io/host/run-record.ts'
import { historyDocument } from '../../../src/report/documents.ts'
import { manifest } from '../../support/tool/inventories.ts'
import { makeProject } from '../../support/tool/project.ts'
import { stateAt } from '../../support/tool/state.ts'
import { runTool } from '../../support/tool/tool.ts'
import { temporaryDirectory } from '../support/fixtures.ts'

const record = (run: string, directory: string) => ({
  ...{ version: 1, run, command: 'backup', environment: 'dev', actor: 'a@b', job: null, tool: '0.1.0' },
  ...{ startedAt: '2026-01-01T00:00:00.000Z', duration: 1, outcome: 'done', databases: ['iam'] },
  ...{ directory, error: null },
})

const openProject = (state: string) =>
  makeProject({
    network: 'none',
    store: { iam: { '00001_a.sql': '' } },
    edit: (config) => {
      config.state = state
    },
  })

const dead = { DOCKER_HOST: 'unix:///no/such/engine.sock' }

describe('history without an engine', () => {
  it('shows what the host itself knows, names no backup that is gone, and answers 6 with the reason', async () => {
    using state = temporaryDirectory()
    using project = openProject(state.path)
    const [kept, gone] = [join(state.path, 'kept'), join(state.path, 'gone')]
    mkdirSync(kept)
    await writeManifest(kept, manifest([]))
    writeRunRecord(stateAt(state.path), record('20260101T000000-00000a', gone))
    writeRunRecord(stateAt(state.path), record('20260102T000000-00000b', kept))
    const { exit, stdout, stderr } = await runTool(['history', 'dev'], { cwd: project.directory, env: dead })
    expect(exit).toBe(6)
    expect(stdout).toContain(`backup ${kept}`)
    expect(stdout).toContain('backup (its directory is gone)')
    expect(stdout).not.toContain(gone)
    expect(stderr).toContain('✖ ')
    const json = await runTool(['history', 'dev', '--json'], { cwd: project.directory, env: dead })
    const { entries, error, runs } = historyDocument.parse(JSON.parse(json.stdout))
    expect({ exit: json.exit, entries, directories: runs.map(({ directory }) => directory) }).toEqual({
      ...{ exit: 6, entries: [], directories: [null, kept] },
    })
    expect(stderr).toContain(error?.message)
  })

  it('does not say that the ledger is empty', async () => {
    using state = temporaryDirectory()
    using project = openProject(state.path)
    const { exit, stdout } = await runTool(['history', 'dev'], { cwd: project.directory, env: dead })
    expect({ exit, stdout }).toEqual({ exit: 6, stdout: '' })
  })
})
