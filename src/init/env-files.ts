import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { interpolate } from '../config/interpolate.ts'
import type { Variables } from '../config/load.ts'

type RawService = { env_file?: unknown; extends?: unknown } | null
type RawExtends = { file?: unknown } | undefined
type RawInclude = { env_file?: unknown } | null
type RawFile = { include?: unknown; services?: Record<string, RawService> } | null

const read = (file: string): RawFile => {
  try {
    return parse(readFileSync(file, 'utf8'), { merge: true })
  } catch {
    // compose says what is wrong with it.
    return null
  }
}

const pathsIn = (value: unknown, key: string): string[] =>
  [value ?? []].flat().flatMap((entry) => {
    const found = typeof entry === 'string' ? entry : (entry as Record<string, unknown> | null)?.[key]
    return [found ?? []].flat().filter((path): path is string => typeof path === 'string')
  })

const named = (text: string, env: Variables): string[] => {
  try {
    return [interpolate(text, (name) => env[name])]
  } catch {
    return []
  }
}

type Links = { envFiles: string[]; files: { file: string; base: string }[] }

/** What an included file is relative to. */
const baseOf = (entry: unknown, paths: readonly string[], base: string): string => {
  const told = (entry as { project_directory?: unknown } | null)?.project_directory
  return typeof told === 'string' ? resolve(base, told) : dirname(paths[0] ?? base)
}

const readLinks = (file: string, base: string, env: Variables): Links => {
  const { include, services } = read(file) ?? {}
  const at = (value: unknown, key: string): string[] =>
    pathsIn(value, key).flatMap((path) => named(path, env).map((one) => resolve(base, one)))
  const own = Object.values(services ?? {})
  const included = [include ?? []].flat()
  const extended = own.flatMap((service) => at((service?.extends as RawExtends)?.file, 'file'))
  return {
    envFiles: [
      ...own.flatMap((service) => at(service?.env_file, 'path')),
      ...included.flatMap((entry) => at((entry as RawInclude)?.env_file, 'path')),
      join(base, '.env'),
    ],
    files: [
      ...extended.map((path) => ({ file: path, base: dirname(path) })),
      ...included.flatMap((entry) => {
        const paths = at([entry], 'path')
        return paths.map((path) => ({ file: path, base: baseOf(entry, paths, base) }))
      }),
    ],
  }
}

type Project = { directory: string; files: readonly string[] }

/**
 * The env files of a compose project as its files have them, those that are included and extended too, with the `.env` of
 * each: what compose resolves tells the values alone.
 */
export const findEnvFiles = ({ directory, files }: Project, env: Variables): string[] => {
  const found = new Set<string>()
  const seen = new Set<string>()
  const open = files.map((file) => ({ file, base: directory }))
  for (let next = open.shift(); next; next = open.shift()) {
    if (seen.has(next.file)) continue
    seen.add(next.file)
    const links = readLinks(next.file, next.base, env)
    for (const path of links.envFiles) found.add(path)
    open.push(...links.files)
  }
  return [...found].filter(existsSync)
}
