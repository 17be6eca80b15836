import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { speak } from '../../../../src/io/dbmate/calls.ts'

const mark = 'run1'

it('gives each call its own words and exit code, also when they come in pieces', async () => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()]
  const { call } = speak(stdin, stdout, mark)
  const first = call(['up'])
  const said = Buffer.from(`Größe\n${mark} 1\n`)
  // In the middle of the ö, and in the middle of the mark.
  for (const [from, to] of [
    [0, 3],
    [3, 10],
    [10, said.length],
  ] as const)
    stdout.write(said.subarray(from, to))
  expect(await first).toEqual({ exitCode: 1, output: 'Größe' })
  const second = call(["it's"])
  stdout.write(`\n${mark} 0\n`)
  expect(await second).toEqual({ exitCode: 0, output: '' })
  expect(String(stdin.read())).toBe("'up'\n'it'\\''s'\n")
})

it('tells that the container ended under a call', async () => {
  const stdout = new PassThrough()
  const { call } = speak(new PassThrough(), stdout, mark)
  const result = call(['up'])
  stdout.end('half an answer')
  expect(await result).toEqual({ exitCode: null, output: 'half an answer' })
})

it('writes a call when the one before has ended, not when its last file is told', async () => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()]
  const { call } = speak(stdin, stdout, mark)
  const heard: string[] = []
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const first = call(['first'], (text) => heard.push(text))
  await turn()
  stdout.write('Applied: 00001_a.sql in 1ms\n')
  await turn()
  expect(heard).toEqual(['Applied: 00001_a.sql in 1ms\n'])
  const second = call(['second'])
  await turn()
  expect(String(stdin.read())).toBe("'first'\n")
  stdout.write(`\n${mark} 0\n`)
  expect(await first).toEqual({ exitCode: 0, output: 'Applied: 00001_a.sql in 1ms\n' })
  await turn()
  expect(String(stdin.read())).toBe("'second'\n")
  stdout.write(`Error: no\n\n${mark} 1\n`)
  expect(await second).toEqual({ exitCode: 1, output: 'Error: no\n' })
})
