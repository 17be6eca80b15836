import { join } from 'node:path'
import { createVitest, type TestModule, type TestSpecification, type Vitest } from 'vitest/node'

type Source = { file: string; text: string }

/** The unit tests in one vitest, which is given other texts for a source and runs again what reaches it. */
export type UnitTests = AsyncDisposable & {
  /** Whether a test fails with this text, or does not come to an end. */
  notice: (source: Source) => Promise<boolean>
}

const root = join(import.meta.dirname, '../..')

/** A worker in a loop without end is ended by force after so many milliseconds; a busy machine is no reason to. */
const limit = 300_000

/** The files that import this one, over however many others, nearest first. */
const importersOf = (file: string, vitest: Vitest): string[] => {
  const graph = vitest.getRootProject().vite.environments.ssr?.moduleGraph
  const found = new Set([file])
  for (const one of found) {
    const modules = [...(graph?.getModulesByFile(one) ?? [])]
    for (const { file: importer } of modules.flatMap(({ importers }) => [...importers]))
      if (importer) found.add(importer)
  }
  return [...found]
}

/** @throws Error when the tests fail as they are. */
export const openUnitTests = async (): Promise<UnitTests> => {
  let source: Source | undefined
  let order: readonly string[] = []
  const place = ({ moduleId }: TestSpecification): number => order.indexOf(moduleId)
  const vitest = await createVitest(
    'test',
    {
      root,
      config: false,
      watch: false,
      include: ['test/unit/**/*.test.ts'],
      testTimeout: 60_000,
      isolate: false,
      fileParallelism: false,
      // It knows the file on the disk only.
      fsModuleCache: false,
      bail: 1,
      reporters: [{}],
      sequence: {
        sequencer: class {
          shard = async (files: TestSpecification[]) => files
          sort = async (files: TestSpecification[]) => files.toSorted((a, b) => place(a) - place(b))
        },
      },
    },
    {
      plugins: [
        {
          name: 'mutant',
          enforce: 'pre',
          transform: (_, id) => (id === source?.file ? source.text : undefined),
        },
      ],
    },
  )

  /** What does not pass: tests, and files of tests that cannot be read. */
  const failing = async (tests: readonly string[]): Promise<string[]> => {
    order = tests
    const running = vitest.runTestSpecifications(
      tests.flatMap((moduleId) => vitest.getModuleSpecifications(moduleId)),
    )
    const timer = setTimeout(() => {
      // The second time it means it.
      for (const _ of ['ask', 'force']) void vitest.cancelCurrentRun('test-failure')
    }, limit)
    const { testModules, unhandledErrors } = await running.finally(() => clearTimeout(timer))
    const ran = (module: TestModule): boolean => tests.includes(module.moduleId)
    const failed = testModules.filter((module) => ran(module) && !module.ok())
    return [...unhandledErrors.map(String), ...failed.map(({ relativeModuleId }) => relativeModuleId)]
  }

  const all = (await vitest.globTestSpecifications()).map(({ moduleId }) => moduleId)
  const wrong = await failing(all)
  if (wrong.length > 0) throw new Error(`The unit tests fail as they are: ${wrong.join(', ')}`)
  const reaching = new Map<string, string[]>()
  return {
    async notice({ file, text }) {
      const path = join(root, file)
      const tests =
        reaching.get(path) ?? importersOf(path, vitest).filter((importer) => all.includes(importer))
      reaching.set(path, tests)
      source = { file: path, text }
      vitest.invalidateFile(path)
      const noticed = (await failing(tests)).length > 0
      source = undefined
      vitest.invalidateFile(path)
      return noticed
    },
    [Symbol.asyncDispose]: () => vitest.close(),
  }
}
