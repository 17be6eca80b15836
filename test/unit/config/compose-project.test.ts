import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { composeProjects } from '../../support/platform/compose-projects.ts'

const scratch = mkdtempSync(join(tmpdir(), 'po-migrate-compose-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const environment = 'environments: { dev: { password: { env_file: db.env } } }\n'

const write = (directory: string, files: Record<string, string>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
}

let count = 0
/** The network of an environment that names none, by a config that stands where compose would be called. */
const networkIn = (files: Record<string, string>, { from = '.', env = {} } = {}): string | undefined => {
  const directory = join(scratch, String(count++), 'Web-Shop.1')
  write(directory, { '.git/HEAD': '', ...files })
  const cwd = join(directory, from)
  write(cwd, { 'migrate.yaml': files['migrate.yaml'] ?? environment })
  return loadConfig({ cwd, env }).environments.dev?.network
}

describe("compose's default network", () => {
  it.each(composeProjects)('$title', ({ files, network, ...where }) => {
    expect(networkIn(files, where)).toBe(network)
  })

  it('of a stack is the one that its file and its project say', () => {
    const config = (stack: string): string => `hosts: { local: { stack: ${stack} } }\n${environment}`
    const files = {
      'docker/own.yml': 'name: unread\nservices: {}\n',
      'docker/lan.yml': 'networks: { default: { name: lan } }\nservices: {}\n',
      'compose.yaml': 'name: other\n',
    }
    expect(networkIn({ ...files, 'migrate.yaml': config('{ file: docker/own.yml, project: shop }') })).toBe(
      'shop_default',
    )
    expect(networkIn({ ...files, 'migrate.yaml': config('{ file: docker/lan.yml, project: shop }') })).toBe(
      'lan',
    )
  })

  it.each([
    ['project: shop\n', 'shop_default'],
    ['', 'web-shop1_default'],
  ])('of no compose file is guessed from the project: %j gives %s', (project, network) => {
    expect(networkIn({ 'migrate.yaml': `${project}${environment}` })).toBe(network)
  })

  it('is looked for beside infrastructure/ too', () => {
    const files = { 'compose.yaml': 'name: shop\n', 'infrastructure/migrate.yaml': environment }
    const directory = join(scratch, String(count++))
    write(directory, files)
    expect(loadConfig({ cwd: directory, env: {} }).environments.dev?.network).toBe('shop_default')
  })

  it.each(['services: [', 'name: ${BROKEN\n', '- a\n'])(
    'of a file that compose would refuse is guessed: %j',
    (text) => {
      expect(networkIn({ 'compose.yaml': text })).toBe('web-shop1_default')
    },
  )

  it('is not asked for where a network is named', () => {
    const named = 'environments: { dev: { network: mine.lan, password: { env_file: a } } }\n'
    expect(networkIn({ 'compose.yaml': 'name: shop\n', 'migrate.yaml': named })).toBe('mine.lan')
  })
})
