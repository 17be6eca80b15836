import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { root } from '../root.ts'
import { durationsFile } from './longest-first.ts'

const testsOf = (modules: readonly TestModule[]): TestCase[] =>
  modules.flatMap((module) => [...module.children.allTests()])

/** A retry must not hide that something failed once. */
const describeFlakes = (tests: readonly TestCase[]): string[] =>
  tests
    .filter((test) => test.diagnostic()?.flaky)
    .map((test) => {
      const [first] = test.result().errors ?? []
      return `${relative(root, test.module.moduleId)} > ${test.fullName}: ${first?.message.split('\n')[0] ?? ''}`
    })

const recordDurations = (modules: readonly TestModule[]): void => {
  const seconds = modules.flatMap((module): [string, number][] => {
    const { duration, setupDuration, collectDuration } = module.diagnostic()
    const rounded = Math.round((duration + setupDuration + collectDuration) / 1000)
    return rounded < 3 ? [] : [[relative(root, module.moduleId), rounded]]
  })
  const sorted = Object.fromEntries(seconds.toSorted(([, a], [, b]) => b - a))
  writeFileSync(durationsFile, `${JSON.stringify(sorted, null, 2)}\n`)
}

/** Ends the output with what passed only when tried again, and then with a plain line that any CI can read. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = testsOf(modules)
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length
    const skipped = count('skipped')
    const flakes = describeFlakes(tests)
    if (process.env.PO_RECORD_DURATIONS) recordDurations(modules)
    process.on('exit', () => {
      if (flakes.length > 0)
        console.log([`Passed only when tried again: ${flakes.length}`, ...flakes].join('\n  '))
      console.log(
        `${count('passed')} passed, ${count('failed') + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
      )
    })
  }
}
