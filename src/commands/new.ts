import { readdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { resolveDatabases } from '../config/resolve.ts'
import { type ExitCode, exitCodes, usageError } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import { type GlobalOptions, type Program, type Wire, withoutRunFlags } from '../frame/options.ts'
import { makeDirectories } from '../make-directories.ts'
import type { Context } from '../model/context.ts'
import { parseVersion } from '../model/migration.ts'
import { nextVersion } from '../model/next-version.ts'
import { writeDocument } from '../report/json.ts'

export type NewOptions = GlobalOptions & { db: string; name: string }

export const newCommand = (program: Program, wire: Wire) =>
  program.command(
    'new <db> <name>',
    'Write the next NNNNN_name.sql of a database',
    (args) =>
      withoutRunFlags(args)
        .positional('db', { type: 'string', demandOption: true, describe: 'Directory in the store' })
        .positional('name', {
          type: 'string',
          demandOption: true,
          describe: 'Lower-case letters, digits and "_"',
        })
        .example('$0 new calendar add_colour', ''),
    wire(create),
  )

/** What `dbmate new` writes; its names are timestamps, which is why it is not asked. */
const template = '-- migrate:up\n\n\n-- migrate:down\n\n'
const slug = /^[a-z0-9][a-z0-9_]*$/
const notSlug = /[^a-z0-9]+/g
const outerUnderscores = /^_+|_+$/g

const requireSlug = (name: string): void => {
  if (slug.test(name)) return
  const suggestion = name.toLowerCase().replace(notSlug, '_').replace(outerUnderscores, '')
  throw usageError(
    `The name ${JSON.stringify(name)} cannot be part of a file name here.`,
    suggestion ? `use ${suggestion}` : 'use lower-case letters, digits and "_"',
    ['allowed: lower-case letters, digits and "_"'],
  )
}

/** Writes the next `NNNNN_name.sql` of a database and prints its path. */
export const create = async ({ db, name, ...options }: NewOptions, context: Context): Promise<ExitCode> => {
  const config = configOf(options, context)
  const [managed] = resolveDatabases(config, '', [db])
  requireSlug(name)
  if (!managed) throw new Error(`resolveDatabases lost ${db}`)
  makeDirectories(managed.directory)
  const versions = readdirSync(managed.directory).flatMap((file) => parseVersion(file) ?? [])
  const path = join(managed.directory, `${nextVersion(versions, new Date())}_${name}.sql`)
  writeFileSync(path, template, { flag: 'wx' })
  const shown = relative(context.cwd, path)
  if (options.json) writeDocument(context.stdout, { version: 1, database: db, file: path })
  else context.stdout.write(`${shown.startsWith('..') ? path : shown}\n`)
  return exitCodes.done
}
