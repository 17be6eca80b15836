/** Every verb, as `--help` lists it: what is typed, and what it does. */
export const verbs = {
  init: ['init', 'Write migrate.yaml for the project here, from what its files, compose and its server say'],
  up: ['up <environment>', 'Apply what is pending'],
  plan: ['plan <environment>', 'What up would do, step by step; reads only'],
  status: ['status [environments..]', 'The state of every migration in every database'],
  rollback: ['rollback <environment>', 'Undo the newest applied migrations of one database'],
  new: ['new <db> <name>', 'Write the next migration file of a database, numbered as its others are'],
  lint: ['lint', 'Check the migration files; no database needed'],
  verify: ['verify', 'Up, every down, up again, on a throwaway server'],
  drift: ['drift <environment>', 'The live schema against what is applied; reads only'],
  adopt: ['adopt <environment>', 'Record what a database provably has already'],
  history: ['history <environment>', 'What ran, when, by whom, how it ended'],
  report: ['report [environments..]', 'One HTML page: states, runs, durations and tables of every database'],
  backup: ['backup <environment>', 'Dump every managed database, prove it in a throwaway server, keep it'],
  restore: ['restore <environment>', 'Bring databases back from a backup; what is there now stays beside'],
  lock: ['lock <action> <environment>', 'Who holds the lock; release what a run that died left'],
  start: ['start <host>', "Start the stack of a host's Postgres, with its networks and its volume"],
  cutover: [
    'cutover <host>',
    "Wipe a host's volume and build its databases from the migrations; what it held is kept",
  ],
  doctor: ['doctor [environment]', 'Every check the tool relies on, each with its remedy'],
} as const satisfies Record<string, readonly [string, string]>

export type Verb = keyof typeof verbs

/** What an argument or a flag may be, in every project: who left it out is told, whatever verb was loaded. */
export const choices = {
  action: ['status', 'release'],
  format: ['text', 'codequality'],
  rehearse: ['schema', 'data'],
} as const

/** Of the flags that take a value those to which no can be said: `--no-rehearse`. */
export const deniable: readonly string[] = ['rehearse']
