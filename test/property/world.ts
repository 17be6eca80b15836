import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { docker, run } from '../support/engine/docker.ts'
import { type SiteName, stages } from './operation.ts'
import type { Tool } from './said.ts'
import { makeSite, type Site } from './site.ts'

/** Two projects, their servers and the state directory that they share. */
export type World = AsyncDisposable & {
  tool: Tool
  sites: Record<SiteName, Site>
  state: string
  /** As before the first sequence. */
  reset: () => Promise<void>
}

export const makeWorld = async (tool: Tool): Promise<World> => {
  const home = mkdtempSync(join(tmpdir(), 'po-migrate-property-'))
  const lane = randomBytes(2).toString('hex')
  const [first, second] = await Promise.all([
    makeSite({ name: 'first', home, lane }),
    makeSite({ name: 'second', home, lane }),
  ])
  const state = join(home, 'state')
  const leftovers = async (): Promise<string[]> => {
    const found: string[] = []
    for (const stage of stages) {
      const filter = `label=po-migrate.environment=${first.environment(stage)}`
      found.push(...(await docker(['ps', '--all', '--quiet', '--filter', filter])).split('\n'))
    }
    return found.filter(Boolean)
  }
  return {
    tool: { ...tool, env: { HOME: home, ...tool.env } },
    sites: { first, second },
    state,
    reset: async () => {
      const left = await leftovers()
      if (left.length > 0) await run('docker', ['rm', '--force', '--volumes', ...left])
      rmSync(state, { recursive: true, force: true })
      mkdirSync(state, { mode: 0o770 })
      await Promise.all([first.reset(), second.reset()])
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()])
      rmSync(home, { recursive: true, force: true })
    },
  }
}
