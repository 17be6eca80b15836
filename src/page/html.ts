/** Text that is HTML already; made by `html` and `trusted` only. */
export type Html = { readonly markup: string }

type Value = string | number | Html | undefined | null | false | readonly (Html | string | undefined)[]

const special: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const specials = /[&<>"']/g
/** Control characters, and those that turn the order of letters around: both can make a name look like another one. */
const invisible =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

const asCode = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

export const escapeHtml = (text: string): string =>
  text.replace(invisible, asCode).replace(specials, (character) => special[character] ?? '')

/** What this program wrote itself, such as its style sheet. */
export const trusted = (markup: string): Html => ({ markup })

const markupOf = (value: Value): string => {
  if (value === undefined || value === null || value === false) return ''
  if (typeof value === 'string') return escapeHtml(value)
  if (typeof value === 'number') return String(value)
  return 'markup' in value ? value.markup : value.map(markupOf).join('')
}

/** HTML whose values are escaped, in text and in quoted attributes alike, but for those that are HTML. */
export const html = (parts: TemplateStringsArray, ...values: Value[]): Html => ({
  markup: parts.map((part, index) => part + markupOf(values[index])).join(''),
})

const joint = /(?<=[_.-])/

/** A name that may go on in the next line after a `_`, `-` or dot. */
export const breakable = (name: string): Html => {
  const [first = '', ...others] = name.split(joint)
  return html`${first}${others.map((part) => html`<wbr>${part}`)}`
}
