import { describe, test } from 'vitest'
import { type FaultName, faults } from './kinds.ts'
import { type MomentName, moments } from './moments.ts'
import { strikeAndRecover } from './scenario.ts'

/** It takes every container of its engine along. */
const ofEngine = 'SIGKILL of dockerd'
const names = Object.keys(moments) as MomentName[]
const sideBySide = (Object.keys(faults) as FaultName[]).filter((name) => name !== ofEngine)

/** Each fault that leaves the engine alone, at each kind of step of a run with these flags. */
export const describeMatrix = (flags: readonly string[] = []): void => {
  describe.concurrent(['each fault at each kind of step', ...flags].join(' '), () => {
    const cells = sideBySide.flatMap((fault) => names.map((moment) => [fault, moment] as const))
    test.for(cells)('%s at %s: the next run brings everything to the end, once', ([fault, moment]) =>
      strikeAndRecover(fault, moment, flags),
    )
  })
}

/** dockerd dies at each kind of step of a run with these flags. */
export const describeEngineMatrix = (flags: readonly string[] = []): void => {
  describe(['dockerd at each kind of step', ...flags].join(' '), () => {
    test.for(names)(`${ofEngine} at %s: the next run brings everything to the end, once`, (moment) =>
      strikeAndRecover(ofEngine, moment, flags),
    )
  })
}
