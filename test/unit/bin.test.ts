import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { transform } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { root } from '../support/documents.ts'

const text = readFileSync(join(root, 'bin/po-migrate.cjs'), 'utf8')

/** What the bin does in a process of this version. */
const runUnder = (node: string) => {
  const loaded: string[] = []
  let stderr = ''
  const process = {
    versions: { node },
    execPath: '/usr/bin/node',
    exitCode: undefined as number | undefined,
    stderr: {
      write: (words: string) => {
        stderr += words
      },
    },
  }
  runInNewContext(text.replace(/^#!.*/, ''), {
    process,
    require: (path: string) => loaded.push(path),
    Number,
  })
  return { loaded, stderr, exit: process.exitCode }
}

describe('the bin', () => {
  it('is read by every Node: it has no syntax that is younger than ES5', async () => {
    const { code } = await transform(text, { target: 'es5', loader: 'js' })
    expect(code).toContain('needs Node')
    await expect(transform('const young = 1', { target: 'es5' })).rejects.toThrow()
  })

  it.each(['8.17.0', '18.20.4', '20.20.2', '22.4.0', '22.21.1'])(
    'says under Node %s what it needs, and answers 2',
    (node) => {
      const { loaded, stderr, exit } = runUnder(node)
      expect({ loaded, exit }).toEqual({ loaded: [], exit: 2 })
      expect(stderr).toContain(`needs Node 22.22 or newer, and this is ${node} (/usr/bin/node).`)
    },
  )

  it.each(['22.22.0', '22.30.1', '23.0.0', '24.21.0', '100.0.0'])('starts the tool under Node %s', (node) => {
    expect(runUnder(node)).toEqual({ loaded: ['./start.cjs'], stderr: '', exit: undefined })
  })
})
