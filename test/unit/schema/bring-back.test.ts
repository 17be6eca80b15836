import { expect, it } from 'vitest'
import { loadDelta } from '../../../src/schema/bring-back.ts'

it('drift --sql says how to get the package that writes it, exactly the one that was tried', async () => {
  const asked: string[] = []
  const load = async (name: string): Promise<never> => {
    asked.push(name)
    throw new Error('Cannot find package')
  }
  await expect(loadDelta(load)).rejects.toMatchObject({
    exitCode: 2,
    message: '--sql needs @supabase/pg-delta, which is not installed here.',
    hint: 'npm install --save-dev --save-exact @supabase/pg-delta@1.0.0-alpha.34',
  })
  expect(asked).toEqual(['@supabase/pg-delta'])
})
