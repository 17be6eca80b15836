import { describe, test } from 'vitest'
import { type FaultName, faults } from '../support/faults/kinds.ts'
import { type MomentName, moments } from '../support/faults/moments.ts'
import { strikeAndRecover } from '../support/faults/scenario.ts'

const alone = 'SIGKILL of dockerd'
const names = Object.keys(moments) as MomentName[]
const sideBySide = (Object.keys(faults) as FaultName[]).filter((name) => name !== alone)

describe.concurrent('each fault at each kind of step', () => {
  const cells = sideBySide.flatMap((fault) => names.map((moment) => [fault, moment] as const))
  test.for(cells)('%s at %s: the next run brings everything to the end, once', ([fault, moment]) =>
    strikeAndRecover(fault, moment),
  )
})

// It takes every container of its engine along.
describe('dockerd at each kind of step', () => {
  test.for(names)(`${alone} at %s: the next run brings everything to the end, once`, (moment) =>
    strikeAndRecover(alone, moment),
  )
})
