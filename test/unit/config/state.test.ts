import { mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Config, loadConfig } from '../../../src/config/load.ts'
import { requireState, stateOf } from '../../../src/config/state.ts'
import { makeProject, type Project, type ProjectConfig } from '../../support/tool/project.ts'
import { runTool } from '../../support/tool/tool.ts'
import { temporaryDirectory } from '../support/fixtures.ts'

const local = { name: 'local' }
const server = { name: 'vps', ssh: 'deploy@vps', machine: 'vps' }

const projectWith = (edit: (config: ProjectConfig) => void): Project =>
  makeProject({ network: 'none', store: { a: { '00001_a.sql': '' } }, edit })

const nameless = (more: ProjectConfig = {}): Project =>
  projectWith((config) => {
    delete config.project
    Object.assign(config, more)
  })

const load = ({ directory }: Project): Config => loadConfig({ cwd: directory, env: {} })

describe('the state directory', () => {
  it('is what the config says, from where the config lies', () => {
    using project = projectWith((config) => Object.assign(config, { state: '../data' }))
    const found = load(project)
    expect(stateOf(found, local, {}).root).toBe(join(found.directory, '../data'))
  })

  it.each([
    [{ XDG_STATE_HOME: '/xdg', HOME: '/home/me' }, '/xdg/po-migrate'],
    [{ HOME: '/home/me' }, '/home/me/.local/state/po-migrate'],
  ])('is the user’s own on a laptop: %o', (env, expected) => {
    using project = projectWith(() => {})
    expect(stateOf(load(project), local, env)).toMatchObject({
      ...{ root: expected, project: 'shop', directory: join(expected, 'shop') },
    })
  })

  it('is a directory of its own on a server, where several people migrate', () => {
    using project = projectWith(() => {})
    expect(stateOf(load(project), server, { HOME: '/home/me' }).root).toBe('/var/lib/po-migrate')
  })

  it("has the project's own directory in its group, for everybody of it", () => {
    using root = temporaryDirectory()
    using project = projectWith((config) => Object.assign(config, { state: root.path }))
    const { directory } = requireState(load(project), local, {})
    expect(statSync(directory).mode & 0o777).toBe(0o770)
  })
})

describe('a config that names no project', () => {
  it('is known by its real path in the state of its user, and still when it gets a name', () => {
    using project = nameless()
    const state = stateOf(load(project), local, { HOME: '/home/me' })
    expect(state.project).toMatch(/^path-[0-9a-f]{12}$/)
    using elsewhere = temporaryDirectory()
    symlinkSync(join(project.directory, 'infrastructure'), join(elsewhere.path, 'infrastructure'))
    const linked = loadConfig({ cwd: elsewhere.path, env: {} })
    expect(stateOf(linked, local, { HOME: '/home/me' }).project).toBe(state.project)
    const file = join(project.directory, 'infrastructure/migrate.yaml')
    project.write('infrastructure/migrate.yaml', `project: shop\n${readFileSync(file, 'utf8')}`)
    expect(stateOf(load(project), local, { HOME: '/home/me' })).toMatchObject({
      ...{ project: 'shop', own: ['shop', state.project] },
    })
  })

  it('is another one for each checkout', () => {
    using one = nameless()
    using other = nameless()
    const [a, b] = [one, other].map((project) => stateOf(load(project), local, { HOME: '/home/me' }).project)
    expect(a).not.toBe(b)
  })

  it.each([
    ['up', 'dev'],
    ['up', 'dev', '--dry-run'],
    ['plan', 'dev'],
    ['status'],
    ['status', 'dev', 'dev'],
    ['rollback', 'dev', '--db', 'a'],
    ['backup', 'dev'],
    ['history', 'dev'],
    ['lock', 'status', 'dev'],
    ['doctor'],
    ['doctor', 'dev'],
    ['cutover', 'local'],
    ['cutover', 'local', '--undo'],
    ['start', 'local'],
  ])('is refused with the line to write where the state is not one user’s own: %s', async (...args) => {
    using root = temporaryDirectory()
    using project = nameless({
      state: root.path,
      hosts: {
        local: {
          volume: 'none',
          stack: { file: 'compose.yml', project: 'none' },
          cutover: { abort_window: 0 },
        },
      },
    })
    mkdirSync(join(root.path, 'unrelated'))
    const { exit, stderr } = await runTool(args, { cwd: project.directory })
    expect(exit).toBe(2)
    expect(stderr).toContain(`${project.directory}/infrastructure/migrate.yaml names no project.`)
    expect(stderr).toMatch(/→ add this line to \S+migrate\.yaml: project: po-migrate-project-\w+\n/)
  })

  it('is linted all the same, and gets new files', async () => {
    using root = temporaryDirectory()
    using project = nameless({ state: root.path })
    const at = { cwd: project.directory }
    project.write('infrastructure/migrations/a/00001_a.sql', '-- migrate:up\nselect 1;\n-- migrate:down\n')
    expect((await runTool(['lint'], at)).exit).toBe(0)
    expect((await runTool(['new', 'a', 'more'], at)).exit).toBe(0)
  })

  it.each(['backups', 'journals', 'runs', 'logs', 'embedded', 'a b', '.hidden', '../up'])(
    'cannot be named %j',
    (name) => {
      using project = projectWith((config) => Object.assign(config, { project: name }))
      expect(() => load(project)).toThrow(expect.objectContaining({ exitCode: 2 }))
    },
  )
})
