import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { guards } from '../../property/guards.ts'

const root = join(import.meta.dirname, '../../..')

describe('a guard that make test-guards switches off', () => {
  it.each(guards)('stands in the sources where it is looked for: $name', ({ patches }) => {
    for (const { file, search } of patches)
      expect(readFileSync(join(root, file), 'utf8').split(search), file).toHaveLength(2)
  })
})
