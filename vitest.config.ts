import { defineConfig } from 'vitest/config'
import LongestFirst from './test/support/runner/longest-first.ts'

/** A shared CI machine can starve a container past a bounded wait; what fails twice has failed. */
const retry = process.env.CI ? 1 : 0

/** unit: no Docker, seconds. integration: real Postgres and dbmate containers. e2e: the built bundle, real stacks.
 * upgrade: what an older release left. property: random sequences, and those that a guard is proven by.
 * survival: after all others, that nothing of a developer's was touched.
 * faults: every fault at every kind of step, on an engine of its own (`make test-faults`); faults-engine: dockerd itself
 * dies, on another one; faults-ci: a part of both. */
export default defineConfig({
  test: {
    reporters: ['default'],
    // They mostly wait for containers.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    coverage: { include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000, isolate: false } },
      {
        test: {
          name: 'integration',
          retry,
          globalSetup: 'test/support/runner/global-setup.ts',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'e2e',
          retry,
          globalSetup: 'test/support/runner/global-setup.ts',
          sequence: { groupOrder: 1 },
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'upgrade',
          retry,
          globalSetup: 'test/support/runner/global-setup.ts',
          sequence: { groupOrder: 1 },
          include: ['test/upgrade/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'property',
          globalSetup: 'test/support/runner/global-setup.ts',
          sequence: { groupOrder: 2 },
          include: ['test/property/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 300_000,
          maxConcurrency: 2,
        },
      },
      {
        test: {
          name: 'faults-ci',
          retry,
          globalSetup: 'test/support/runner/global-setup.ts',
          sequence: { groupOrder: 3 },
          include: ['test/faults/ci/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 180_000,
          maxConcurrency: 6,
        },
      },
      {
        test: {
          name: 'faults',
          globalSetup: 'test/support/runner/global-setup.ts',
          setupFiles: 'test/support/faults/skip-passed.ts',
          sequence: { groupOrder: 5 },
          include: ['test/faults/*.test.ts'],
          testTimeout: 400_000,
          maxConcurrency: 6,
        },
      },
      {
        test: {
          name: 'faults-engine',
          globalSetup: 'test/support/runner/global-setup.ts',
          setupFiles: 'test/support/faults/skip-passed.ts',
          sequence: { groupOrder: 6 },
          include: ['test/faults/engine/*.test.ts'],
          testTimeout: 400_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'survival',
          include: ['test/survival/**/*.test.ts'],
          globalSetup: 'test/support/runner/developer-stack.ts',
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
