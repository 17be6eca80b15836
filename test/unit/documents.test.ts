import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { resolveEnvironment } from '../../src/config/resolve.ts'
import { exitCodes } from '../../src/errors.ts'
import { blocksOf, type Page, pages, proseOf, root } from '../support/documents.ts'
import { makeProject } from '../support/tool/project.ts'

const blocks = pages.flatMap(blocksOf)
const pageOf = (path: string): Page => pages.find((page) => page.path === path) ?? { path, text: '' }

/** Of a heading, as GitLab and GitHub make it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (page: Page): string[] =>
  [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading))

const isThere = (page: Page, target: string): boolean => {
  const [file = '', anchor] = target.split('#')
  const path = file === '' ? page.path : join(dirname(page.path), file)
  return existsSync(join(root, path)) && (anchor === undefined || anchorsOf(pageOf(path)).includes(anchor))
}

/** Begins like something to type in a shell. */
const command =
  /^(sudo|cd|cp|chmod|export|make|npm|npx|bash|docker|git|install|po-migrate|infrastructure\/scripts\/)\b/m

describe('the documentation', () => {
  it('has a README that is read in five minutes', () => {
    expect(pageOf('README.md').text.split('\n').length).toBeLessThan(150)
  })

  it.each(pages)('has no link that leads nowhere in $path', (page) => {
    const targets = [...proseOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(
      ([, target = '']) => target,
    )
    expect(targets.filter((target) => !isThere(page, target))).toEqual([])
  })

  it('has commands to paste in blocks of sh alone, which the e2e tests run', () => {
    expect(blocks.filter(({ language }) => language === 'sh').length).toBeGreaterThan(6)
    const others = blocks.filter(({ language }) => language !== 'sh')
    expect(others.filter(({ code }) => command.test(code))).toEqual([])
  })

  it('says no sentence twice', () => {
    const sentences = pages
      .filter(({ path }) => !path.startsWith('docs/adr'))
      .flatMap((page) =>
        proseOf(page)
          .replaceAll(/^\|.*$/gm, '')
          .split(/\n{2,}|(?<=[.:])\s/),
      )
      .map((sentence) => sentence.replaceAll(/\s+/g, ' ').trim())
      .filter((sentence) => sentence.length > 40 && !sentence.startsWith('See [ADR'))
    expect(sentences.filter((sentence, index) => sentences.indexOf(sentence) !== index)).toEqual([])
  })

  it('names verbs that there are', { timeout: 60_000 }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'src/main.ts'), '--help'])
    const verbs = new Set([...stdout.matchAll(/^ {2}po-migrate ([a-z]+)/gm)].map(([, verb]) => verb))
    const named = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/po-migrate ([a-z]+) (?:dev|qual|prod|vps|ENV|HOST|--)/g)].map(([, verb]) => ({
        path,
        verb,
      })),
    )
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter(({ verb }) => !verbs.has(verb))).toEqual([])
  })

  it('shows configs that load', () => {
    const examples = blocks.filter(({ language, note }) => language === 'yaml' && note === '')
    expect(examples.length).toBeGreaterThan(0)
    for (const { code } of examples) {
      using project = makeProject({ network: 'net', store: { iam: { '00001_a.sql': '' } } })
      project.write('infrastructure/migrate.yaml', code)
      const config = loadConfig({ cwd: project.directory, env: {} })
      for (const name of Object.keys(config.environments))
        expect(resolveEnvironment(config, name).databases).not.toEqual([])
    }
  })

  it('tells every exit code, and every schema', () => {
    const { text } = pageOf('docs/reference.md')
    const told = [...text.matchAll(/^\| ([\d /]+?) +\|/gm)].flatMap(([, codes = '']) =>
      codes.split(' / ').map(Number),
    )
    expect(told).toEqual(Object.values(exitCodes))
    for (const schema of readdirSync(join(root, 'schemas'))) expect(text).toContain(`(../schemas/${schema})`)
  })
})
