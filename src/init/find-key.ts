import { existsSync, readFileSync } from 'node:fs'
import { parseEnvFile } from '../config/env-file.ts'
import type { Variables } from '../config/load.ts'

const ofPasswords = /pass|pwd?|secret|credential/i
const usual = 'POSTGRES_PASSWORD'
/** As a config may name it. */
const nameable = /^[a-z0-9][a-z0-9_-]*$/i

const read = (file: string, { PATH, HOME }: Variables): Map<string, string> => {
  try {
    return parseEnvFile(readFileSync(file, 'utf8'), { file, hostEnv: { PATH, HOME } })
  } catch {
    // Whoever needs it says what is wrong.
    return new Map()
  }
}

/** Where a password that is known stands in an env file: read by the rules by which every later run reads it. */
export const findKey = (
  value: string,
  files: readonly string[],
  env: Variables,
): { file: string; key: string } | undefined => {
  for (const file of new Set(files.filter(existsSync))) {
    const keys = [...read(file, env)]
      .filter(([key, held]) => held === value && ofPasswords.test(key) && nameable.test(key))
      .map(([key]) => key)
    const key = keys.find((one) => one === usual) ?? keys[0]
    if (key !== undefined) return { file, key }
  }
  return undefined
}
