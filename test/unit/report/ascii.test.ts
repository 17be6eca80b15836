import { describe, expect, it } from 'vitest'
import { asciiOutput } from '../../../src/report/ascii.ts'
import { runTool } from '../../support/tool/tool.ts'
import { sink } from '../support/fixtures.ts'

describe('a locale without more than ASCII', () => {
  it('gets our own signs spelt out, and the names of others as they are', () => {
    const stream = sink({ isTTY: true, columns: 80 })
    const output = asciiOutput(stream)
    output.write('✖ prüf · a → b … ≥ 3\n')
    expect(stream.text()).toBe('x prüf - a -> b ... >= 3\n')
    expect([output.isTTY, output.columns]).toEqual([true, 80])
  })

  it.each([
    ['C', /^x .*\n {2}-> /],
    ['C.UTF-8', /^✖ .*\n {2}→ /],
  ])('is told by LANG=%s', async (LANG, expected) => {
    const { stderr } = await runTool(['up', '--config', '/none.yaml'], { cwd: '/', env: { LANG } })
    expect(stderr).toMatch(expected)
  })
})
