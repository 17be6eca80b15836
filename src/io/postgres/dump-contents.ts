import { createReadStream } from 'node:fs'
import { cut, type DumpOptions, type DumpTarget, failedTool, runTool } from './dump-tool.ts'

/** One thing that a dump holds, by its number in it: `TABLE public things postgres`. */
export type DumpEntry = { id: string; words: string }

const entry = /^(\d+); \d+ \d+ (.*)$/
const refresh = 'MATERIALIZED VIEW DATA '

/** What a dump holds, in the order in which it is restored. @throws AppError (exit 1) with pg_restore's own words. */
export const readContents = async (
  target: DumpTarget,
  { file, signal }: Pick<DumpOptions, 'file' | 'signal'>,
): Promise<DumpEntry[]> => {
  const what = `Reading what ${file} holds`
  let text = ''
  const result = await runTool(target, {
    command: ['pg_restore', '--list'],
    input: createReadStream(file),
    onOutput: async (chunk) => {
      text += chunk.toString('latin1')
    },
    ...(signal && { signal }),
  })
  if (signal?.aborted) throw cut(what)
  if (result.exitCode !== 0) throw failedTool(what, result, target)
  return Buffer.from(text, 'latin1')
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const [, id, words] = entry.exec(line) ?? []
      return id && words ? { id, words } : []
    })
}

/** Schema, name and owner, where the entry fills a materialized view. */
export const viewData = ({ words }: DumpEntry): string[] =>
  words.startsWith(refresh) ? [words.slice(refresh.length)] : []

/** Its arguments: how many words hold the numbers, those words, the command. */
const script = `count=$1; shift; ids=
while [ "$count" -gt 0 ]; do ids="$ids
$1"; shift; count=$((count - 1)); done
exec "$@" --use-list=/dev/fd/8 8<<IDS
$ids
IDS`

/** An argument of a program has at most 128 kB. */
const idsInOne = 10_000

/** The command, restoring only these entries, in this order; its stdin is the dump, so the list comes otherwise. */
export const restoreCommand = (
  command: readonly string[],
  only: readonly DumpEntry[] | undefined,
): readonly string[] => {
  if (!only) return command
  const words: string[] = []
  for (let at = 0; at < only.length; at += idsInOne)
    words.push(
      only
        .slice(at, at + idsInOne)
        .map(({ id }) => id)
        .join('\n'),
    )
  return ['sh', '-c', script, 'po-migrate', String(words.length), ...words, ...command]
}
