import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Block, blocksOf, pages, root } from '../support/documents.ts'
import { docker, run, uniqueName } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'
import { dbmate } from '../support/postgres/dbmate.ts'
import { migration } from '../support/tool/project.ts'
import { baseEnv } from '../support/tool/tool.ts'

const page = pages.find(({ path }) => path === 'docs/adopting.md') ?? { path: '', text: '' }

/** The blocks of one chapter of the page, in their order. */
const chapter = (heading: string): Block[] => {
  const [, text = ''] = page.text.split(`\n## ${heading}\n`)
  return blocksOf({ path: page.path, text: text.split('\n## ')[0] ?? '' })
}

const scratch = mkdtempSync(join(tmpdir(), 'po-migrate-adopt-'))
const state = join(scratch, 'state')
let tarball = ''

beforeAll(() => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], {
      cwd: root,
    }).toString(),
  )
  tarball = join(scratch, packed.filename)
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Every block of commands that was typed, as the page has it. */
const typed = new Set<string>()

/** The image that the page names, where no registry answers: the tests' own under its name. */
const lendImage = async () => {
  const name = 'postgres:17'
  const isThere = (await run('docker', ['image', 'inspect', name])).exit === 0
  if (!isThere) await docker(['tag', postgresImage, name])
  return {
    [Symbol.asyncDispose]: async () => {
      if (!isThere) await docker(['image', 'rm', name])
    },
  }
}

/** A directory that is empty but for what a chapter begins with. */
const begin = (files: Record<string, string> = {}) => {
  // compose calls a project after its directory.
  const directory = join(scratch, uniqueName('adopt'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  mkdirSync(directory, { recursive: true })
  const type = async (code: string) => {
    typed.add(code)
    const command = code.replaceAll('--save-dev po-migrate', `--save-dev ${tarball}`)
    const { PATH = '', ...env } = baseEnv()
    const { exitCode, all } = await execa('bash', ['-c', `set -e\n${command}`], {
      cwd: directory,
      env: {
        ...env,
        PATH: `${dirname(process.execPath)}:${PATH}`,
        XDG_STATE_HOME: state,
        npm_config_update_notifier: 'false',
      },
      extendEnv: false,
      reject: false,
      all: true,
      stdin: 'ignore',
    })
    expect(exitCode, all).toBe(0)
    return all
  }
  return {
    directory,
    type,
    end: () => docker(['compose', '--project-directory', directory, 'down', '--volumes']),
  }
}

describe('the page on adopting, from the packed tarball', () => {
  it('begins in an empty directory', async () => {
    await using _image = await lendImage()
    const place = begin()
    for (const { code } of chapter('An empty directory')) await place.type(code)
    const status = await place.type('npx po-migrate status dev --exit-code')
    expect(status).toContain('shop  1 applied')
    await place.end()
  })

  it('begins in a compose project, and is at its first status within five minutes', async () => {
    await using _image = await lendImage()
    const blocks = chapter('A compose project')
    const [compose, first, second] = blocks
    const name = uniqueName('adopt')
    const place = begin({
      'compose.yaml': (compose?.code ?? '').replace('name: shop', `name: ${name}`),
      '.env': 'DB_PASSWORD=any words #here\n',
    })
    const started = performance.now()
    await place.type(first?.code ?? '')
    const seconds = Math.round((performance.now() - started) / 1000)
    process.stderr.write(`from nothing to the first status, compose's own start included: ${seconds} s\n`)
    expect(seconds).toBeLessThan(300)
    await place.type(second?.code ?? '')
    expect(await place.type('npx po-migrate status --exit-code')).toContain('shop  1 applied')
    for (const { code } of [...chapter('In a CI'), ...chapter('Where something is in the way')])
      await place.type(code)
    await place.end()
  })

  it('begins in a dbmate project, whose applied migrations are applied', async () => {
    const network = uniqueName('adopt')
    await docker(['network', 'create', network])
    const server = uniqueName('adopt-db')
    await docker([
      'run',
      '--detach',
      '--name',
      server,
      '--network',
      network,
      '--network-alias',
      'postgres',
      '--publish',
      '127.0.0.1::5432',
      '--env',
      'POSTGRES_PASSWORD=p@ss',
      '--health-cmd',
      'pg_isready -h "$HOSTNAME"',
      '--health-interval',
      '1s',
      postgresImage,
    ])
    const port = (await docker(['port', server, '5432/tcp'])).split(':').at(-1)
    const place = begin({
      '.env': `DATABASE_URL="postgres://postgres:p%40ss@127.0.0.1:${port}/shop?sslmode=disable"\n`,
      'db/migrations/20240101000000_a.sql': migration('create table a (id int);', 'drop table a;'),
      'db/migrations/20240201000000_b.sql': migration('create table b (id int);', 'drop table b;'),
    })
    await place.type(
      `until [ "$(docker inspect -f '{{.State.Health.Status}}' ${server})" = healthy ]; do sleep 0.5; done`,
    )
    const asBefore = { database: 'shop', directory: join(place.directory, 'db/migrations') }
    expect(await dbmate({ network, password: 'p@ss' }, asBefore, 'up')).toMatchObject({ exit: 0 })
    const [first, ...rest] = chapter('A dbmate project')
    expect(await place.type(first?.code ?? '')).toContain('shop  2 applied')
    for (const { code } of rest) await place.type(code)
    expect(await place.type('npx po-migrate status --exit-code')).toContain('shop  3 applied')
    await docker(['rm', '--force', '--volumes', server])
    await docker(['network', 'rm', network])
  })

  it('has no block of commands that was not typed here', () => {
    const blocks = blocksOf(page).filter(({ language }) => language === 'sh')
    expect(blocks.map(({ code }) => code).filter((code) => !typed.has(code))).toEqual([])
  })
})
