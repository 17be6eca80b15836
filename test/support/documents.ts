import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A page of the documentation, by its path below the checkout. */
export type Page = { path: string; text: string }

/** A fenced block: its language, and the comment in the line above it. */
export type Block = { path: string; note: string; language: string; code: string }

const fence = /(?:^<!-- (?<note>.*) -->\n)?^```(?<language>.*)\n(?<code>[\s\S]*?)^```$/gm

const pagesIn = (directory: string): string[] =>
  readdirSync(join(root, directory))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join(directory, name))

/** The README first, as somebody new reads them. */
export const pages: readonly Page[] = ['README.md', ...pagesIn('docs'), ...pagesIn('docs/adr')].map(
  (path) => ({ path, text: readFileSync(join(root, path), 'utf8') }),
)

export const blocksOf = ({ path, text }: Page): Block[] =>
  [...text.matchAll(fence)].map(({ groups: { note = '', language = '', code = '' } = {} }) => ({
    path,
    note,
    language,
    code,
  }))

/** A page's words: what is in fences is something else. */
export const proseOf = ({ text }: Page): string => text.replace(fence, '')
