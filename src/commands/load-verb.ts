import type { Program, Wire } from '../frame/options.ts'
import type { Verb } from './verbs.ts'

type Command = (program: Program, wire: Wire) => unknown

/** Each verb as it is typed: most of what a command line costs is loading. */
const loaders: Readonly<Record<Verb, () => Promise<Command>>> = {
  init: async () => (await import('./init.ts')).initCommand,
  up: async () => (await import('./up.ts')).upCommand,
  plan: async () => (await import('./plan.ts')).planCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  rollback: async () => (await import('./rollback.ts')).rollbackCommand,
  new: async () => (await import('./new.ts')).newCommand,
  lint: async () => (await import('./lint.ts')).lintCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  drift: async () => (await import('./drift.ts')).driftCommand,
  adopt: async () => (await import('./adopt.ts')).adoptCommand,
  history: async () => (await import('./history.ts')).historyCommand,
  report: async () => (await import('./report.ts')).reportCommand,
  backup: async () => (await import('./backup.ts')).backupCommand,
  restore: async () => (await import('./restore.ts')).restoreCommand,
  lock: async () => (await import('./lock.ts')).lockCommand,
  start: async () => (await import('./start.ts')).startCommand,
  cutover: async () => (await import('./cutover.ts')).cutoverCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
}

/** What a verb adds to yargs: its options, and what it does. */
export const loadVerb = (verb: Verb): Promise<Command> => loaders[verb]()
