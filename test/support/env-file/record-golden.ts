/** Run by hand, with docker compose: `node test/support/env-file/record-golden.ts SEED`. */
import { writeFileSync } from 'node:fs'
import { askCompose, composeVersion, rulesOf } from './compose-env.ts'
import { generateQuestions, hosts } from './generator.ts'

const count = 2000
const version = await composeVersion()
const name = rulesOf(version) === '2.35' ? 'env-file.golden-2.35.json' : 'env-file.golden.json'
const target = new URL(`../../unit/config/${name}`, import.meta.url)

const seed = Number(process.argv[2])
if (!Number.isInteger(seed)) throw new Error('usage: node test/support/env-file/record-golden.ts SEED')

const distinct = Map.groupBy(generateQuestions(seed, count * 2), (question) => JSON.stringify(question))
const questions = [...distinct.values()].map(([question]) => question!).slice(0, count)
const answers = await askCompose(questions)
const vectors = questions.map(({ files, hostEnv }, index) => {
  const answer = answers[index]!
  const found = 'error' in answer ? { error: true } : { variables: answer.variables }
  return JSON.stringify({ files, host: hosts.indexOf(hostEnv), ...found })
})
const head = JSON.stringify({ seed, compose: version, hosts }).slice(0, -1)
writeFileSync(target, `${head},"vectors":[\n${vectors.join(',\n')}\n]}\n`)
console.log(
  `${vectors.length} vectors, ${answers.filter((answer) => 'error' in answer).length} of them errors`,
)
