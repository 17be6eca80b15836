import { beforeEach } from 'vitest'
import { cellOf, keepPassed, readPassed, sources } from './passed.ts'

const passed = new Set(readPassed().flatMap((one) => (one.sources === sources ? [one.cell] : [])))

beforeEach(({ task, skip, onTestFinished }) => {
  const cell = cellOf(task.file.filepath, task.fullTestName)
  skip(passed.has(cell), 'it passed with these sources')
  const since = performance.now()
  onTestFinished(({ task }) => {
    if (task.result?.state === 'pass') keepPassed(cell, performance.now() - since)
  })
})
