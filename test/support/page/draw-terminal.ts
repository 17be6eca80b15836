/** Of a terminal, in pixels. */
const cell = { width: 8.4, height: 19 }
const margin = 12

type Run = { text: string; at: number; styles: string[] }

/** What SGR codes mean here; those that end something take all of their kind. */
const styles: Readonly<Record<string, string>> = { 1: 'bold', 2: 'dim', 31: 'red', 32: 'green', 33: 'yellow' }
const ends: Readonly<Record<string, readonly string[]>> = {
  22: ['bold', 'dim'],
  39: ['red', 'green', 'yellow'],
}
const code = new RegExp(`${String.fromCharCode(27)}\\[([0-9;]*)m`)

const after = (before: readonly string[], codes: string): string[] => {
  const on = new Set(before)
  for (const each of (codes || '0').split(';')) {
    const style = styles[each]
    if (style) on.add(style)
    else for (const over of each === '0' ? [...on] : (ends[each] ?? [])) on.delete(over)
  }
  return [...on]
}

/** A row as tmux gives it, in runs of one look: texts, and between them the codes that change it. */
const runsOf = (row: string, begun: string[]): Run[] => {
  const [first = '', ...parts] = row.split(code)
  const runs: Run[] = [{ text: first, at: 0, styles: begun }]
  for (let index = 0; index < parts.length; index += 2) {
    const last = runs.at(-1) as Run
    const look = after(last.styles, parts[index] ?? '')
    runs.push({ text: parts[index + 1] ?? '', at: last.at + [...last.text].length, styles: look })
  }
  return runs
}

const safe = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** Its place and length are told: fonts differ. */
const drawRun = ({ text, at, styles: classes }: Run): string => {
  const blanks = text.length - text.trimStart().length
  const shown = text.trim()
  if (shown === '') return ''
  const length = ([...shown].length * cell.width).toFixed(1)
  const x = (margin + (at + blanks) * cell.width).toFixed(1)
  const look = classes.length > 0 ? ` class="${classes.join(' ')}"` : ''
  return `<tspan x="${x}" textLength="${length}"${look}>${safe(shown)}</tspan>`
}

const sheet = `text{font:14px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre}
svg{--ink:#1d1b18;--paper:#fff;--rim:#d0ccc4;--dim:#66625a;--red:#b3261e;--green:#1a7f37;--yellow:#855d00}
@media (prefers-color-scheme:dark){svg{--ink:#e6e3dd;--paper:#16181c;--rim:#3a3d44;--dim:#9d9a94;--red:#ff8a80;--green:#7ee08a;--yellow:#f2cc60}}
text{fill:var(--ink)}rect{fill:var(--paper);stroke:var(--rim)}.bold{font-weight:bold}
.dim{fill:var(--dim)}.red{fill:var(--red)}.green{fill:var(--green)}.yellow{fill:var(--yellow)}`

/** An SVG of a terminal with a command and what it showed, light or dark as whoever looks at it has it. */
export const drawTerminal = (command: string, rows: readonly string[], columns: number): string => {
  const all = [`\u001b[2m$\u001b[0m ${command}`, ...rows]
  const width = Math.round(columns * cell.width + 2 * margin)
  const height = all.length * cell.height + 2 * margin
  // A look goes on in the next row.
  let look: string[] = []
  const lines = all.map((row, index) => {
    const runs = runsOf(row, look)
    look = runs.at(-1)?.styles ?? []
    return `<text y="${margin + index * cell.height + 14}">${runs.map(drawRun).join('')}</text>\n`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>${safe(command)}, ${columns} columns</title>
<style>${sheet}</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
${lines.join('')}</svg>
`
}
