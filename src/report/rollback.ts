import type { Plan } from '../model/plan.ts'
import type { Paint } from './paint.ts'

/** Every step of a rollback with the SQL that it will run. */
export const renderRollback = ({ steps }: Plan, { bold, dim }: Paint): string =>
  steps
    .map(({ kind, managed, migration }, index) => {
      if (!managed || !migration) return `${dim(String(index + 1).padStart(3))}  ${kind}\n`
      const { file, down, downLine } = migration
      const sql = down.trimEnd().split('\n')
      const width = String(downLine + sql.length).length
      const lines = sql.map(
        (line, at) => `      ${dim(`${String(downLine + at).padStart(width)} |`)} ${line}\n`,
      )
      const title = `${managed.database}  ${bold(`roll back ${file}`)}`
      return `${dim(String(index + 1).padStart(3))}  ${title}\n${lines.join('')}`
    })
    .join('')
