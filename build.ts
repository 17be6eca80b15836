import { execFileSync } from 'node:child_process'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { build, type Plugin } from 'rolldown'
import { hashSources, lookAtSources, revisionFile, seenFile, sourcesFile } from './src/io/host/build.ts'

/**
 * What no line of ours comes to: ssh2 speaks ssh to an engine, and has native modules that no bundle can hold; grpc carries
 * dockerode's sessions of BuildKit, two thirds of its code; tar-fs packs build contexts.
 */
const unused = /^(ssh2|pg-native|cpu-features|@grpc\/(grpc-js|proto-loader)|protobufjs|tar-fs)$/

/** Lighter than what comes with a library, where we need less of it: what, for whom, and the code. */
const light: readonly { name: string; importer: RegExp; code: string }[] = [
  {
    // yargs lays out help with it, which here has no wide characters; segmenting them loads a part of ICU at each start.
    name: 'string-width',
    importer: /./,
    code: `import { stripVTControlCharacters } from 'node:util'
export default (text) => [...stripVTControlCharacters(text)].length`,
  },
  {
    // yargs' checks of how it is called.
    name: 'assert',
    importer: /\/yargs\//,
    code: `for (const name of ['strictEqual', 'notStrictEqual'])
  exports[name] = (...given) => require('node:assert')[name](...given)`,
  },
  {
    // docker-modem prints each request for a debugger, whether there is one or not.
    name: 'util',
    importer: /docker-modem\/lib\/modem\.js$/,
    code: "exports.inspect = () => ''",
  },
]

/** Loaded at their first use: TLS, which only a remote engine needs, what starts processes, and what asks a person. */
const late = ['https', 'tls', 'child_process', 'readline/promises']

const load = createRequire(import.meta.url)

const lateCode = (name: string): string => `for (const name of ${JSON.stringify(Object.keys(load(name)))})
  Object.defineProperty(exports, name, {
    enumerable: true,
    get: () => require('node:${name}')[name],
    set(value) { Object.defineProperty(this, name, { value, enumerable: true, writable: true }) },
  })`

/** Code of ours in the place of a module. */
const replaceModules: Plugin = {
  name: 'replace-modules',
  resolveId: {
    order: 'pre',
    handler: (id, importer) => {
      const name = id.replace(/^node:/, '')
      if (importer === undefined || importer.startsWith('\0')) return undefined
      if (unused.test(id)) return '\0unused'
      if (late.includes(name)) return `\0late:${name}`
      const at = light.findIndex((each) => each.name === name && each.importer.test(importer))
      return at < 0 ? undefined : `\0light:${at}`
    },
  },
  load: (id) => {
    if (id === '\0unused') return 'module.exports = {}'
    if (id.startsWith('\0late:')) return lateCode(id.slice('\0late:'.length))
    if (id.startsWith('\0light:')) return light[Number(id.slice('\0light:'.length))]?.code
    return undefined
  },
  transform: (code, id) =>
    id.includes('/libpg-query-18/') ? code.replaceAll('libpg-query.wasm', 'libpg-query-18.wasm') : undefined,
}

rmSync('dist', { recursive: true, force: true })
// CommonJS: linking modules costs a fifth of a run that has nothing to do, and an `import` of one of Node's own reads every
// getter that it exports, one of which is undici.
await build({
  input: { 'po-migrate': 'src/main.ts' },
  platform: 'node',
  plugins: [replaceModules],
  resolve: {
    // Its CommonJS build, which Node would take, loses its names in a dynamic import.
    alias: {
      'libpg-query': load.resolve('libpg-query/wasm/index.js'),
      'libpg-query-18': load.resolve('libpg-query-18/wasm/index.js'),
      'readable-stream': 'stream',
    },
  },
  // The embedded engine's, from an npm checkout only: wasm and a binary, which no bundle can hold.
  external: [/^@electric-sql\//, 'dbmate'],
  // yargs asks for it where a config extends another; none of ours is read by yargs.
  transform: { define: { 'import.meta.resolve': 'undefined' } },
  output: {
    dir: 'dist',
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    minify: true,
    keepNames: true,
    comments: { legal: false },
  },
})
// Until 0.1 it was the bundle, and scripts may call it by its name.
writeFileSync('dist/po-migrate.mjs', "import './po-migrate.cjs'\n")
// Each parser looks for its own beside the chunk that loads it.
for (const name of ['libpg-query', 'libpg-query-18'])
  copyFileSync(load.resolve(`${name}/wasm/libpg-query.wasm`), `dist/${name}.wasm`)

/** The commit, then `dirty` where files differ from it; `unknown` outside git. */
const readRevision = (): string => {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const commit = git('rev-parse', 'HEAD')
    return git('status', '--porcelain') === '' ? commit : `${commit} dirty`
  } catch {
    return 'unknown'
  }
}

// Last: a build that broke off is not a fresh one.
writeFileSync(`dist/${revisionFile}`, `${readRevision()}\n`)
writeFileSync(`dist/${seenFile}`, `${lookAtSources(import.meta.dirname)}\n`)
writeFileSync(`dist/${sourcesFile}`, `${hashSources(import.meta.dirname)}\n`)
