import { afterAll, describe, test } from 'vitest'
import { directed, directedCutovers } from './directed.ts'
import { openLanes } from './lanes.ts'
import { requireTruth } from './sequence.ts'
import { special } from './special.ts'

const lanes = openLanes()
afterAll(() => lanes.close())

describe.concurrent('two projects on one host', () => {
  test.for(Object.entries(directed))('%s', ([, operations]) =>
    lanes.with((lane) => requireTruth(lane, { of: 'migrations', operations })),
  )
  test.for(Object.entries(directedCutovers))('%s', ([, operations]) =>
    lanes.with((lane) => requireTruth(lane, { of: 'cutovers', operations })),
  )
})

describe.concurrent('a world that is not as it should be', () => {
  test.for(Object.entries(special))('%s', ([, check]) => lanes.with(check))
})
