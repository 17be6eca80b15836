import { expect, it } from 'vitest'
import { makesSchema } from '../../../src/model/makes-schema.ts'

it.each([
  ['create schema app;', true],
  ['CREATE  SCHEMA\n"app" AUTHORIZATION bob', true],
  ['create schema App', true],
  ['create schema authorization app', true],
  ['create schema if not exists app', false],
  ['create schema "App"', false],
  ['create schema app2', false],
  ['create table app (id int)', false],
])('knows whether a file makes a schema: %s', (up, is) => {
  expect(makesSchema([{ up: '' }, { up }], 'app')).toBe(is)
})
