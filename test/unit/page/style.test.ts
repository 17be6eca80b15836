import { describe, expect, it } from 'vitest'
import { style } from '../../../src/page/style.ts'

type Colours = Record<string, string>

const coloursOf = (text: string): Colours =>
  Object.fromEntries([...text.matchAll(/--(\w+):(#\w+)/g)].map(([, name = '', value = '']) => [name, value]))

const light = coloursOf(/^:root\{.*?\}/s.exec(style)?.[0] ?? '')
const dark = coloursOf(/dark\)\{:root\{.*?\}/s.exec(style)?.[0] ?? '')
const print = coloursOf(/print\{:root\{.*?\}/s.exec(style)?.[0] ?? '')

/** WCAG 2: relative luminance. */
const luminance = (colour: string): number => {
  const hex =
    colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit).join('') : colour.slice(1)
  const [r = 0, g = 0, b = 0] = [0, 2, 4].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

const contrast = (a: string, b: string): number => {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (lighter + 0.05) / (darker + 0.05)
}

const text = ['ink', 'soft', 'ok', 'wait', 'bad', 'edit', 'link', 's0', 's1', 's2', 's3', 's4', 's5']

describe('the colours of the page', () => {
  it.each([
    ['light', light],
    ['dark', dark],
    ['print', print],
  ] as const)('can be read on what is behind them: %s', (_, colours) => {
    for (const name of text)
      for (const behind of ['paper', 'card'])
        expect(
          contrast(colours[name] ?? '#000', colours[behind] ?? '#000'),
          `${name} on ${behind}`,
        ).toBeGreaterThan(4.5)
  })

  it('are the same in number, light and dark', () => {
    expect(Object.keys(dark).sort()).toEqual(Object.keys(light).sort())
    expect(Object.keys(light)).toEqual(expect.arrayContaining([...text, 'paper', 'card', 'line', 'firm']))
  })
})
