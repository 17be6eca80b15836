import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { otherProjects } from '../../../../src/io/host/projects.ts'
import { stateAt } from '../../../support/tool/state.ts'
import { temporaryDirectory } from '../../support/fixtures.ts'

describe('other projects in a state directory', () => {
  it('are those that have a directory there, and none where there is no state', () => {
    using directory = temporaryDirectory()
    const state = stateAt(directory.path, 'shop')
    for (const name of ['shop', 'blog', 'backups', '.hidden']) mkdirSync(join(state.root, name))
    expect(otherProjects(state)).toEqual(['blog'])
    expect(otherProjects(stateAt(join(directory.path, 'none')))).toEqual([])
  })

  it('are not none where that cannot be told', () => {
    using directory = temporaryDirectory()
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    expect(() => otherProjects(stateAt(file))).toThrow('ENOTDIR')
  })
})
