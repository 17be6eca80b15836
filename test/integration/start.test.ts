import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { doctorDocument } from '../../src/report/documents.ts'
import { docker, run, uniqueName } from '../support/engine/docker.ts'
import { dbmateImage, postgresImage } from '../support/engine/images.ts'
import { readEvents } from '../support/tool/events.ts'
import { runTool, type ToolResult } from '../support/tool/tool.ts'

let directory: string
let project: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pmt-start-'))
  project = uniqueName('shop')
})
afterEach(async () => {
  await run('docker', ['compose', '--project-name', project, 'down', '--volumes', '--timeout', '0'], {
    cwd: directory,
  })
  await run('docker', ['network', 'rm', `${project}_out`])
  await run('docker', ['volume', 'rm', `${project}_data`])
  rmSync(directory, { recursive: true, force: true })
})

type Site = { network: string; volume?: string; compose: string; cutover?: boolean }

/** A project as anybody has it: a compose file at its root, whose networks and volumes are as compose makes them. */
const write = ({ network, volume, compose, cutover = false }: Site): void => {
  const infrastructure = join(directory, 'infrastructure')
  mkdirSync(join(infrastructure, 'migrations/app'), { recursive: true })
  writeFileSync(join(directory, 'compose.yml'), `name: ${project}\n${compose}`)
  writeFileSync(join(infrastructure, 'db.env'), 'POSTGRES_PASSWORD=hold\n')
  writeFileSync(
    join(infrastructure, 'migrations/app/00001_a.sql'),
    '-- migrate:up\ncreate table a (id bigint primary key);\n\n-- migrate:down\ndrop table a;\n',
  )
  const lines = [
    `project: ${project}`,
    'state: ../state',
    'hosts:',
    '  local:',
    `    stack: {file: ../compose.yml, project: ${project}}`,
    ...(volume ? [`    volume: ${volume}`] : []),
    ...(cutover ? ['    cutover: {abort_window: 0}'] : []),
    'environments:',
    `  dev: {host: local, network: ${network}, service: db, password: {env_file: db.env}}`,
    `dbmate: {image: "${dbmateImage}"}`,
  ]
  writeFileSync(join(infrastructure, 'migrate.yaml'), `${lines.join('\n')}\n`)
}

const db = (more: string[] = []): string =>
  [
    'services:',
    '  db:',
    `    image: ${postgresImage}`,
    '    environment: {POSTGRES_PASSWORD: hold}',
    '    command: [postgres, -c, fsync=off]',
    '    healthcheck: {test: ["CMD-SHELL", "pg_isready -h $$HOSTNAME"], interval: 1s, timeout: 5s, retries: 60}',
    ...more,
    '',
  ].join('\n')

const tool = (args: string): Promise<ToolResult> =>
  runTool(args.split(' '), { cwd: directory, env: { HOME: directory } })
const compose = (...args: string[]) => run('docker', ['compose', ...args], { cwd: directory })
const kinds = (result: ToolResult): string[] =>
  readEvents(result).steps.map(({ kind, status }) => `${kind} ${status}`)

describe('start leaves to compose what is compose’s own', { timeout: 240_000 }, () => {
  it('the default network: up works through it, and plain compose goes on with it', async () => {
    write({ network: `${project}_default`, compose: db() })
    expect(kinds(await tool('start local --json'))).toEqual(['start-stack done'])
    expect(await tool('up dev')).toMatchObject({ exit: 0 })
    expect(await compose('up', '--detach')).toMatchObject({ exit: 0 })
    expect(await compose('down', '--timeout', '0')).toMatchObject({ exit: 0 })
    const { exit, stdout } = await tool('doctor dev --fix --json')
    expect(exit).toBe(1)
    const checks = doctorDocument.parse(JSON.parse(stdout)).checks
    expect(checks.find(({ title }) => title === 'network')).toMatchObject({
      status: 'failed',
      remedy: 'po-migrate start local',
    })
    expect(await compose('up', '--detach')).toMatchObject({ exit: 0 })
  })

  it('a volume of its own, which a cutover wipes and compose knows again', async () => {
    write({
      network: `${project}_default`,
      volume: `${project}_data`,
      compose: `${db(['    volumes: ["data:/var/lib/postgresql/data"]'])}volumes: {data: {}}\n`,
      cutover: true,
    })
    const label = ['inspect', '--format', '{{index .Labels "com.docker.compose.volume"}}', `${project}_data`]
    expect(await tool('cutover local')).toMatchObject({ exit: 0 })
    expect(await docker(['volume', ...label])).toBe('data')
    expect(await tool('cutover local')).toMatchObject({ exit: 0 })
    expect(await docker(['volume', ...label])).toBe('data')
    const { exit, stderr } = await compose('up', '--detach')
    expect({ exit, stderr }).toMatchObject({ exit: 0 })
    expect(stderr).not.toContain('not created by Docker Compose')
  })

  it('and makes what the file takes from outside, by the name that compose resolves', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: compose reads it
    const out = 'networks: {inner: {external: true, name: "${COMPOSE_PROJECT_NAME}_out"}}\n'
    write({ network: `${project}_out`, compose: `${db(['    networks: [inner]'])}${out}` })
    expect(kinds(await tool('start local --json'))).toEqual(['create-network done', 'start-stack done'])
    expect(await compose('up', '--detach')).toMatchObject({ exit: 0 })
    expect(await tool('up dev')).toMatchObject({ exit: 0 })
  })
})
