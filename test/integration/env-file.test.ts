import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { envFileCases } from '../support/env-file/cases.ts'
import {
  askCompose,
  askParser,
  comparable,
  composeVersion,
  rulesOf,
} from '../support/env-file/compose-env.ts'
import { generateQuestions } from '../support/env-file/generator.ts'

test('docker compose answers the hand-written cases as written', async () => {
  const answers = await askCompose(envFileCases.map(({ question }) => question))
  const isNewer = rulesOf(await composeVersion()) === '2.35'
  const asWritten = envFileCases.map(({ title, answer, newer = answer }) => [
    title,
    comparable(isNewer ? newer : answer),
  ])
  expect(envFileCases.map(({ title }, index) => [title, comparable(answers[index]!)])).toEqual(asWritten)
})

test('the parser agrees with docker compose on 200 fresh random files', async () => {
  const seed = Number(process.env.ENV_FILE_SEED ?? Math.floor(Math.random() * 2 ** 32))
  const questions = generateQuestions(seed, 200)
  const answers = await askCompose(questions)
  const rules = rulesOf(await composeVersion())
  const differences = questions.flatMap((question, index) => {
    const parsed = comparable(askParser(question, rules))
    const compose = comparable(answers[index]!)
    return isDeepStrictEqual(parsed, compose) ? [] : [{ ...question, parsed, compose }]
  })
  expect(differences, `again: ENV_FILE_SEED=${seed}`).toEqual([])
})
