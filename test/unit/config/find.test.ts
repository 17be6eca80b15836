import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findConfig } from '../../../src/config/find.ts'
import { makeProject, type Project } from '../../support/tool/project.ts'
import { runTool } from '../../support/tool/tool.ts'

const text = 'environments: { dev: { password: { env_file: db.env } } }\n'
const inRoot = 'migrate.yaml'
const inside = 'infrastructure/migrate.yaml'

/** A project whose only config is where it is written by hand. */
const bare = (...paths: string[]): Project => {
  const made = makeProject({ network: 'net', store: {}, places: [] })
  for (const path of paths) made.write(path, text)
  return made
}

describe('the config', () => {
  it.each([
    [inRoot, '.'],
    [inRoot, 'src/deep'],
    [inRoot, 'infrastructure'],
    [inside, '.'],
    [inside, 'src/deep'],
    [inside, 'infrastructure'],
    [inside, 'infrastructure/migrations/iam'],
  ])('%s is found from %s', (path, from) => {
    using made = bare(path)
    mkdirSync(join(made.directory, from), { recursive: true })
    expect(findConfig(join(made.directory, from))).toBe(join(made.directory, path))
  })

  it('is the nearest one', () => {
    using made = bare(inRoot, 'services/shop/migrate.yaml')
    const at = join(made.directory, 'services/shop/src')
    mkdirSync(at)
    expect(findConfig(at)).toBe(join(made.directory, 'services/shop/migrate.yaml'))
  })

  it.each(['.', 'infrastructure', 'src'])('twice in one project is refused from %s', (from) => {
    using made = bare(inRoot, inside)
    const at = join(made.directory, from)
    mkdirSync(at, { recursive: true })
    const [first, second] = [inside, inRoot].map((path) => join(made.directory, path))
    expect(() => findConfig(at)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: `Both ${first} and ${second} are there, and only one can be meant.`,
      }),
    )
  })

  it('may be reached by a link from the other place, and is the file itself', () => {
    using made = bare(inside)
    symlinkSync(inside, join(made.directory, inRoot))
    expect(findConfig(made.directory)).toBe(join(made.directory, inside))
  })

  it.each(['migrate.yml', 'infrastructure/migrate.yml'])('is not called %s, which is told', (path) => {
    using made = bare(path)
    expect(() => findConfig(made.directory)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        hint: expect.stringMatching(/^mv .*migrate\.yml .*migrate\.yaml$/),
      }),
    )
  })

  it('is chosen by --config where there are two', async () => {
    using made = bare(inRoot, inside)
    made.write('migrations/shop/00001_a.sql', '-- migrate:up\n\n-- migrate:down\n')
    const { exit, stdout } = await runTool(['lint', '--config', 'migrate.yaml'], { cwd: made.directory })
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'lint: 1 file, nothing to complain about\n' })
    expect((await runTool(['lint'], { cwd: made.directory })).exit).toBe(2)
  })
})
