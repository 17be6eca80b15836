import { AppError, exitCodes } from '../errors.ts'
import type { DoctorDocument } from '../report/documents.ts'

export type CheckResult = DoctorDocument['checks'][number]

/** Something to know about that stops nothing; `fix` puts it right, where that is safe to do unasked. */
export type Warning = { warning: string; remedy: string; fix?: () => Promise<string> }

/** What is wrong, and the command that puts it right (several: one a line). */
export const fail = (message: string, hint: string): AppError =>
  new AppError(message, { exitCode: exitCodes.failed, hint })

/**
 * One thing the tool relies on. `run` answers what it found, or throws an AppError: what is wrong, and the remedy as its hint.
 * `fix` puts it right, where that is safe to do unasked; it answers nothing where it is not.
 */
export type Check = {
  title: string
  run: () => Promise<string | Warning> | string | Warning
  fix?: () => Promise<string | undefined>
  /** The check without which this one makes no sense. */
  needs?: string
}

type RunOptions = { environment: string | null; fix: boolean }

const runOne = async (check: Check, { environment, fix }: RunOptions): Promise<CheckResult> => {
  const { title } = check
  try {
    const found = await check.run()
    if (typeof found === 'string') return { environment, title, status: 'ok', finding: found }
    if (fix && found.fix) return { environment, title, status: 'fixed', finding: await found.fix() }
    return { environment, title, status: 'warning', finding: found.warning, remedy: found.remedy }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const fixed = fix ? await check.fix?.() : undefined
    if (fixed) return { environment, title, status: 'fixed', finding: fixed }
    const { message, hint } = error
    return { environment, title, status: 'failed', finding: message, ...(hint && { remedy: hint }) }
  }
}

/** Runs checks in order; what depends on a failed one is skipped, so that one fault is one line. */
export const runChecks = async (checks: readonly Check[], options: RunOptions): Promise<CheckResult[]> => {
  const results: CheckResult[] = []
  const broken = new Set<string>()
  for (const check of checks) {
    const { title, needs } = check
    const blocked = needs !== undefined && broken.has(needs)
    const result: CheckResult = blocked
      ? { environment: options.environment, title, status: 'skipped', finding: `needs: ${needs}` }
      : await runOne(check, options)
    if (result.status === 'failed' || result.status === 'skipped') broken.add(title)
    results.push(result)
  }
  return results
}
