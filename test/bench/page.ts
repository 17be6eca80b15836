import type { Row } from './measure.ts'

export type Results = {
  on: { cores: number; cpu: string | undefined; memory: string; node: string; docker: string; date: string }
  rows: readonly Row[]
  notes: Readonly<Record<string, number>>
}

const digits = (value: number): string => value.toFixed(value < 1 ? 2 : 1)
const milliseconds = (value: number): string => Math.round(value).toLocaleString('en')

/** How many times as fast the first runner is, with the rounds at its least and its most. */
const against = ({ ratios, times }: Row, name: string): string => {
  const ratio = ratios[name]
  if (!ratio) return '–'
  const range = `${digits(1 / ratio.most)}–${digits(1 / ratio.least)}`
  return `${digits(1 / ratio.median)}${(times[name]?.rounds ?? 0) > 1 ? ` (${range})` : ''}`
}

const cell = (text: string): string => ` ${text} `
const line = (cells: readonly string[]): string => `|${cells.map(cell).join('|')}|`

/** Rows that compare the same runners stand in one table. */
const tables = (rows: readonly Row[]): string[] => {
  const groups = Map.groupBy(rows, ({ times }) => Object.keys(times).join('\n'))
  return [...groups.values()].map((own) => {
    const [first = '', ...others] = Object.keys(own[0]?.times ?? {})
    const head = ['', `${first}, ms`, ...others.map((name) => `times as fast as ${name}`)]
    return [
      line(head),
      line(head.map(() => '---')),
      ...own.map((row) =>
        line([
          row.what,
          milliseconds(row.times[first]?.median ?? Number.NaN),
          ...others.map((name) => against(row, name)),
        ]),
      ),
    ].join('\n')
  })
}

/** The page beside the charts; `make bench` writes it, nobody else does. */
export const renderResults = ({ on, rows, notes }: Results): string => `# What a run costs

Written by \`make bench\` on ${on.date}, on ${on.cores} cores (${on.cpu}) with ${on.memory}, Node ${on.node}, Docker ${on.docker}; it is meant for an idle machine. Runners
take turns on the same servers and files, whole processes each. Ratios are of the medians, in brackets the rounds at their least and their
most; a time alone says nothing about another machine.

\`bash\` is the loop of \`docker run amacneil/dbmate up\` that this tool replaces, a container a database. \`dbmate\` is its program without
Docker, once a database: no container, no lock, no ledger, no second look.

${tables(rows).join('\n\n')}

![Seconds against databases, nothing pending](databases.svg)

![Seconds against files, first up of three databases](files.svg)

${Object.entries(notes)
  .map(([what, value]) => `- ${what}: ${value}`)
  .join('\n')}
`
