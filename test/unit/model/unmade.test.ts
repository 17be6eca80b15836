import { describe, expect, it } from 'vitest'
import type { Inventory } from '../../../src/model/inventory.ts'
import { describeUnmade, findUnmade } from '../../../src/model/unmade.ts'

const inventory = (tables: { name: string; rows: number }[]): Inventory =>
  ({ databases: [{ name: 'iam_qual', tables }] }) as unknown as Inventory
const objects = (names: readonly string[]) =>
  new Map([['iam_qual', new Map(names.map((name) => [name, '']))]])
const find = (present: string[], rebuilt: string[], tables: { name: string; rows: number }[] = []) =>
  findUnmade({
    present: objects(present),
    rebuilt: objects(rebuilt),
    inventory: inventory(tables),
    behind: new Set(),
  })

describe('what no migration makes', () => {
  it('is nothing where the migrations make everything, and more', () => {
    expect(find(['table public.users'], ['table public.users', 'table public.news'])).toEqual([])
  })

  it('names tables first, with their rows, and no part of a table that is named', () => {
    const present = [
      'column public.users.nickname',
      'column public.notes.text',
      'constraint "odd on name" on public.notes',
      'index public.notes_text',
      'table public.notes',
      'table public.users',
      'view public.recent',
    ]
    const [found] = find(present, ['table public.users'], [{ name: 'public.notes', rows: 1 }])
    expect(found?.objects).toEqual([
      'table public.notes (1 row)',
      'view public.recent',
      'column public.users.nickname',
      'index public.notes_text',
    ])
  })

  it('is what somebody changed by hand too, unless a pending migration may change it', () => {
    const world = {
      present: new Map([['iam_qual', new Map([['function public.f()', 'by hand']])]]),
      rebuilt: new Map([['iam_qual', new Map([['function public.f()', 'by a migration']])]]),
      inventory: inventory([]),
    }
    expect(findUnmade({ ...world, behind: new Set() })).toEqual([
      { database: 'iam_qual', objects: ['function public.f() (changed)'] },
    ])
    expect(findUnmade({ ...world, behind: new Set(['iam_qual']) })).toEqual([])
  })

  it('never names the ledger', () => {
    const ours = ['schema po_migrate', 'table po_migrate.ledger', 'column po_migrate.ledger.old']
    expect(find(ours, [])).toEqual([])
    expect(find(['table public.po_migrate_notes'], [])).toHaveLength(1)
  })

  it('is cut short where it is long', () => {
    const views = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `view public.${name}`)
    expect(describeUnmade({ database: 'iam_qual', objects: views })).toMatch(
      /^iam_qual: view .*public\.f, and 2 more$/,
    )
    expect(describeUnmade({ database: 'iam_qual', objects: views.slice(0, 6) })).toMatch(/public\.f$/)
  })
})
