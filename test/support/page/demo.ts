import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeProject, migration, type Store } from '../tool/project.ts'
import { runTool, type ToolOptions, type ToolResult } from '../tool/tool.ts'

const realStore = join(import.meta.dirname, '../../../infrastructure/migrations')

export type Demo = Disposable & {
  directory: string
  tool: (args: string, options?: Partial<ToolOptions>) => Promise<ToolResult>
}

/** The real store up to a version of calendar, as an older checkout has it. */
const storeUntil = (newest: string): Store =>
  Object.fromEntries(
    readdirSync(realStore).map((database) => {
      const files = readdirSync(join(realStore, database)).filter(
        (file) => database !== 'calendar' || file.slice(0, newest.length) <= newest,
      )
      return [
        database,
        Object.fromEntries(
          files.map((file) => [file, readFileSync(join(realStore, database, file), 'utf8')]),
        ),
      ]
    }),
  )

const runAll = async (tool: Demo['tool'], lines: readonly [string, number][]): Promise<void> => {
  for (const [line, expected] of lines) {
    const { exit, stderr } = await tool(line)
    if (exit !== expected) throw new Error(`${line} answered ${exit}: ${stderr}`)
  }
}

/**
 * The real store in three environments of one server that stand at different versions, after runs that went well, one that
 * failed and one that was taken back; a fourth environment is out of reach.
 */
export const makeDemo = async ({ network }: { network: string }): Promise<Demo> => {
  const edit = (config: Record<string, unknown>): void => {
    const on = (name: string, suffix: string) => ({
      host: 'local',
      network: name,
      suffix,
      password: { env_file: 'postgres.env' },
      wait: 20,
      policy: { warnings: 'allow' },
    })
    config.project = 'po-platform'
    config.state = 'state'
    config.environments = {
      dev: on(network, ''),
      qual: on(network, '_qual'),
      prod: on(network, '_prod'),
      edge: on(`${network}-elsewhere`, ''),
    }
  }
  const project = makeProject({ network, store: storeUntil('00009'), edit })
  const tool: Demo['tool'] = (args, options = {}) =>
    runTool(args.split(' '), { cwd: project.directory, ...options })
  const broken = migration(
    'alter table service_calendars add column colour text;\nselect color;',
    'select 1;',
  )
  const mended = migration(
    'alter table service_calendars add column colour text;',
    'alter table service_calendars drop column colour;',
  )
  await runAll(tool, [['up prod', 0]])
  project.migrations(storeUntil('00011'))
  await runAll(tool, [['up qual', 0]])
  project.migrations({ calendar: { '00012_calendar_colour.sql': broken } })
  await runAll(tool, [['up dev', 1]])
  project.migrations({ calendar: { '00012_calendar_colour.sql': mended } })
  await runAll(tool, [
    ['up dev', 0],
    ['rollback dev --db calendar --confirm yes', 0],
    ['up dev', 0],
  ])
  return { directory: project.directory, tool, [Symbol.dispose]: () => project[Symbol.dispose]() }
}
