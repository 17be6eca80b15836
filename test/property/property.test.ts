import { afterAll, describe, test } from 'vitest'
import { openLanes } from './lanes.ts'
import { requireTruth, sequenceOf } from './sequence.ts'

const { PO_PROPERTY_SEED: seed, PO_PROPERTY_RUNS: runs = seed ? '1' : '30' } = process.env
const first = Number(seed ?? 1)
const seeds = Array.from({ length: Number(runs) }, (_, index) => first + index)

const lanes = openLanes()
afterAll(() => lanes.close())

describe.concurrent('what the tool says is what is there, after each operation', () => {
  test.for(seeds)('of the sequence of seed %i', (seed) =>
    lanes.with(async (lane) => {
      const sequence = sequenceOf(seed)
      const since = performance.now()
      console.log(`seed ${seed}: ${sequence.operations.length} operations of ${sequence.of}`)
      await requireTruth(lane, sequence)
      console.log(`seed ${seed}: right after each, ${((performance.now() - since) / 1000).toFixed(1)} s`)
    }),
  )
})
