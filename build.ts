import { execFileSync } from 'node:child_process'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules, createRequire } from 'node:module'
import { build } from 'esbuild'
import { hashSources, lookAtSources, revisionFile, seenFile, sourcesFile } from './src/io/host/build.ts'

/**
 * What no line of ours comes to: ssh2 speaks ssh to an engine, and has native modules that no bundle can hold; grpc carries
 * dockerode's sessions of BuildKit, two thirds of its code; tar-fs packs build contexts.
 */
const stubUnused = {
  name: 'stub-unused',
  setup: (bundle: import('esbuild').PluginBuild): void => {
    bundle.onResolve(
      { filter: /^(ssh2|pg-native|cpu-features|@grpc\/(grpc-js|proto-loader)|protobufjs|tar-fs)$/ },
      ({ path }) => ({ path, namespace: 'stub' }),
    )
    bundle.onLoad({ filter: /.*/, namespace: 'stub' }, () => ({ contents: 'module.exports = {}' }))
  },
}

const light: Record<string, string> = {
  assert: `for (const name of ['strictEqual', 'notStrictEqual'])
  exports[name] = (...given) => require('node:assert')[name](...given)`,
  util: "exports.inspect = () => ''",
  'string-width': `import { stripVTControlCharacters } from 'node:util'
export default (text) => [...stripVTControlCharacters(text)].length`,
}

/** Lighter than what comes with a library, where we need less of it. */
const lighten = {
  name: 'lighten',
  setup: (bundle: import('esbuild').PluginBuild): void => {
    // yargs lays out help with it, which here has no wide characters; segmenting them loads a part of ICU at each start.
    bundle.onResolve({ filter: /^string-width$/ }, ({ path }) => ({ path, namespace: 'light' }))
    // docker-modem prints each request for a debugger, whether there is one or not.
    // yargs' checks of how it is called.
    bundle.onResolve({ filter: /^assert$/ }, ({ path, importer }) =>
      importer.includes('/yargs/') ? { path, namespace: 'light' } : undefined,
    )
    bundle.onResolve({ filter: /^util$/ }, ({ path, importer }) =>
      importer.endsWith('docker-modem/lib/modem.js') ? { path, namespace: 'light' } : undefined,
    )
    bundle.onLoad({ filter: /.*/, namespace: 'light' }, ({ path }) => ({ contents: light[path] ?? '' }))
  },
}

const load = createRequire(import.meta.url)

/** Loaded at their first use: TLS, which only a remote engine needs, what starts processes, and what asks a person. */
const late = new Set(['https', 'tls', 'child_process', 'readline/promises'])

const lateModule = (name: string): string => `for (const name of ${JSON.stringify(Object.keys(load(name)))})
  Object.defineProperty(exports, name, {
    enumerable: true,
    get: () => require('node:${name}')[name],
    set(value) { Object.defineProperty(this, name, { value, enumerable: true, writable: true }) },
  })`

/** What a module exports without running anything for it. */
const plainNames = (name: string): string[] =>
  Object.entries(Object.getOwnPropertyDescriptors(load(name)))
    .filter(([key, { get }]) => get === undefined && key !== 'default')
    .map(([key]) => key)

/**
 * Node's own modules by `require`: an `import` of one makes a view of all that it exports, and reads every getter for that;
 * the one of `node:http` is undici, twice the start of a bare Node.
 */
const requireBuiltins = {
  name: 'require-builtins',
  setup: (bundle: import('esbuild').PluginBuild): void => {
    bundle.onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path, kind, namespace, importer }) => {
      const name = path.replace(/^node:/, '')
      if (namespace === 'late' || namespace === 'builtin' || !builtinModules.includes(name)) return undefined
      if (late.has(name)) return { path: name, namespace: 'late' }
      // execa takes a getter, and is not on the way of who has nothing to do.
      const byImport = kind === 'import-statement' && !importer.includes('/execa/')
      return byImport ? { path: name, namespace: 'builtin' } : undefined
    })
    bundle.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({ contents: lateModule(path) }))
    bundle.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `const it = require('node:${path}')\nexport default it\nexport const { ${plainNames(path)} } = it`,
    }))
  },
}

/** CommonJS inside an ES module: what `require`, `__filename` and `__dirname` mean there. */
const banner = `import { createRequire as __createRequire } from 'node:module'
import { fileURLToPath as __toPath } from 'node:url'
const require = __createRequire(import.meta.url)
const __filename = __toPath(import.meta.url)
const __dirname = __toPath(new URL('.', import.meta.url))`

rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: { 'po-migrate': 'src/main.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  banner: { js: banner },
  plugins: [stubUnused, lighten, requireBuiltins],
  // Its CommonJS build, which Node would take, loses its names in a dynamic import.
  alias: { 'libpg-query': 'libpg-query/wasm/index.js', 'readable-stream': 'stream' },
  // The embedded engine's, from an npm checkout only: wasm and a binary, which no bundle can hold.
  external: ['@electric-sql/*', 'dbmate'],
  legalComments: 'none',
  logLevel: 'warning',
})
// The parser looks for it beside the chunk that loads it.
copyFileSync(new URL(import.meta.resolve('libpg-query/wasm/libpg-query.wasm')), 'dist/libpg-query.wasm')

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
