import type { Output } from '../model/context.ts'

/** What we write beyond ASCII; what is the user's own stays as it is. */
const plain: Readonly<Record<string, string>> = {
  '·': '-',
  '…': '...',
  '–': '-',
  '—': '-',
  '→': '->',
  '’': "'",
  '“': '"',
  '”': '"',
  '✔': 'ok',
  '✖': 'x',
  '✗': 'x',
  '×': 'x',
  '≥': '>=',
  '≤': '<=',
}
const fancy = new RegExp(`[${Object.keys(plain).join('')}]`, 'g')

export const toAscii = (text: string): string => text.replace(fancy, (symbol) => plain[symbol] ?? symbol)

/** For a terminal whose locale knows no more. */
export const asciiOutput = (stream: Output): Output =>
  Object.create(stream, { write: { value: (text: string) => stream.write(toAscii(text)) } })
