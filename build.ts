import { copyFileSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

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
