import { execFileSync } from 'node:child_process'
import { copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'
import { hashSources, revisionFile, sourcesFile } from './src/io/host/build.ts'

/** ssh2 has optional native modules that no bundle can hold, and nothing here speaks ssh through Docker. */
const stubSsh2 = {
  name: 'stub-ssh2',
  setup: (bundle: import('esbuild').PluginBuild): void => {
    bundle.onResolve({ filter: /^(ssh2|pg-native|cpu-features)$/ }, ({ path }) => ({
      path,
      namespace: 'stub',
    }))
    bundle.onLoad({ filter: /.*/, namespace: 'stub' }, () => ({ contents: 'module.exports = {}' }))
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
  plugins: [stubSsh2],
  // Its CommonJS build, which Node would take, loses its names in a dynamic import.
  alias: { 'libpg-query': 'libpg-query/wasm/index.js' },
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
writeFileSync(`dist/${sourcesFile}`, `${hashSources(import.meta.dirname)}\n`)
