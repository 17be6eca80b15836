import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root } from '../support/documents.ts'
import { docker, uniqueName } from '../support/engine/docker.ts'
import { needTool } from '../support/machines/apt.ts'
import { type Demo, makeDemo } from '../support/page/demo.ts'
import { drawTerminal } from '../support/page/draw-terminal.ts'
import { showInTerminal } from '../support/page/terminal.ts'
import { startPostgres, type TestPostgres } from '../support/postgres/postgres.ts'
import { migration } from '../support/tool/project.ts'

let postgres: TestPostgres
let demo: Demo
const network = uniqueName('shared')
const env: Record<string, string> = { LANG: 'C.UTF-8' }

const broken = migration(`ALTER TABLE service_calendars ADD COLUMN shade char(6);
CREATE VIEW calendar_shades AS
SELECT id, lower(shades) AS shade, coalesce(colour, '#ffffff') AS colour, created_at AS shown_since FROM service_calendars;`)

beforeAll(async () => {
  await needTool('tmux', 'tmux')
  postgres = await startPostgres()
  // By a name that is short enough to be shown.
  await docker(['network', 'create', network])
  await docker(['network', 'connect', '--alias', 'postgres', network, postgres.container])
  demo = await makeDemo({ network })
  const [, socket] = process.env.DOCKER_HOST?.split('unix://') ?? []
  if (socket) {
    symlinkSync(socket, join(demo.directory, 'docker.sock'))
    env.DOCKER_HOST = `unix://${demo.directory}/docker.sock`
  }
})
afterAll(async () => {
  demo?.[Symbol.dispose]()
  await docker(['network', 'disconnect', '--force', network, postgres.container])
  await docker(['network', 'rm', network])
  await postgres?.[Symbol.asyncDispose]()
})

/** What is to be copied is not broken by us: behind an arrow, beside its number, one word. */
const asItStands = /^\s*(?:→|[> ]*\d* \||(?:[✔✖–!] +)?\S+$)/

const commands: [name: string, command: string, exit: number][] = [
  ['help', 'up --help', 0],
  ['usage', 'up', 2],
  ['status', 'status dev qual prod', 0],
  ['plan', 'plan prod', 0],
  ['doctor', 'doctor qual', 1],
  ['history', 'history dev --limit 4', 0],
  ['lint', 'lint', 0],
  ['up', 'up qual', 1],
]

it.each(commands)('shows whole words on a terminal of any width: %s', async (name, command, expected) => {
  const directory = join(demo.directory, 'infrastructure/migrations/calendar')
  if (name === 'lint') writeFileSync(join(directory, '00013_calendar_shades.sql'), broken)
  for (const columns of [40, 80, 120]) {
    const line = `${process.execPath} ${join(root, 'src/main.ts')} ${command}`
    const { exit, rows, lines } = await showInTerminal(line, { columns, cwd: demo.directory, env })
    expect({ columns, exit }).toEqual({ columns, exit: expected })
    expect(lines.filter((shown) => shown.length > columns && !asItStands.test(shown))).toEqual([])
    const folder = process.env.PO_SCREENSHOTS
    // For docs/terminal.md.
    if (folder)
      writeFileSync(
        join(folder, `${name}-${columns}.svg`),
        drawTerminal(`po-migrate ${command}`, rows, columns),
      )
  }
})
