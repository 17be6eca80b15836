import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CommandOptions, eventually, run } from '../engine/docker.ts'

/** What a terminal shows when a command has ended: its rows with their escapes, and its lines without, as they were written. */
export type Screen = { exit: number; rows: string[]; lines: string[] }

const asRows = (text: string): string[] => text.trimEnd().split('\n')

/** A real terminal of so many columns (tmux's), in which one command line of sh runs to its end. */
export const showInTerminal = async (
  command: string,
  { columns, env, ...options }: CommandOptions & { columns: number },
): Promise<Screen> => {
  const directory = mkdtempSync(join(tmpdir(), 'po-migrate-tmux-'))
  const tmux = async (...args: string[]): Promise<string> => {
    const call = ['-f', '/dev/null', '-u', '-S', join(directory, 'socket'), ...args]
    const { exit, stdout, stderr } = await run('tmux', call, { ...options, env: { TERM: 'xterm', ...env } })
    if (exit !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const kept = ['set', '-g', 'remain-on-exit', 'on', ';', 'set', '-g', 'remain-on-exit-format', '']
  const size = ['-x', String(columns), '-y', '250']
  try {
    // Its own word for how a command ended may come late, or never.
    await tmux(
      'start-server',
      ';',
      ...kept,
      ';',
      'new-session',
      '-d',
      ...size,
      `${command}; tmux set -g @exit $?`,
    )
    const exit = await eventually('the command to end', async () => {
      const [dead, code] = (await tmux('display', '-p', '#{pane_dead} #{@exit}')).trim().split(' ')
      return dead === '1' ? code : undefined
    })
    const rows = asRows(await tmux('capture-pane', '-e', '-p'))
    const lines = asRows(await tmux('capture-pane', '-p', '-J')).map((line) => line.trimEnd())
    return { exit: Number(exit), rows, lines }
  } finally {
    await tmux('kill-server').catch(() => {})
    rmSync(directory, { recursive: true, force: true })
  }
}
