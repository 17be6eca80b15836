/** Literals and quoted names: whatever looks like a comment or a command in there is none. */
const literal = String.raw`\bE'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1`
/** A comment's start comes first, so that a quote inside is none. */
const token = new RegExp(`--[^\\n]*|/\\*|${literal}`, 'gi')
const blockEdge = /\/\*|\*\//g
const notBreak = /[^\n]/g

const blanks = (text: string): string => text.replace(notBreak, ' ')

/** Index behind the block comment that starts at `at`; Postgres nests them. */
const blockEnd = (sql: string, at: number): number => {
  let depth = 0
  blockEdge.lastIndex = at
  for (let edge = blockEdge.exec(sql); edge; edge = blockEdge.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1
    if (depth === 0) return blockEdge.lastIndex
  }
  return sql.length
}

/** Index behind the comment that starts at `at`. */
export const commentEnd = (sql: string, at: number): number => {
  if (sql.startsWith('/*', at)) return blockEnd(sql, at)
  const end = sql.indexOf('\n', at)
  return end < 0 ? sql.length : end
}

const blank = (sql: string, what: 'comments' | 'all'): string => {
  let out = ''
  let copied = 0
  token.lastIndex = 0
  for (let found = token.exec(sql); found; found = token.exec(sql)) {
    const isComment = found[0].startsWith('--') || found[0] === '/*'
    const end = isComment ? commentEnd(sql, found.index) : token.lastIndex
    if (isComment || what === 'all') {
      out += sql.slice(copied, found.index) + blanks(sql.slice(found.index, end))
      copied = end
    }
    token.lastIndex = end
  }
  return out + sql.slice(copied)
}

/** SQL with every comment turned into blanks; line breaks and positions stay. */
export const blankComments = (sql: string): string => blank(sql, 'comments')

/** SQL with every comment, literal and quoted name turned into blanks; line breaks and positions stay. */
export const blankOpaque = (sql: string): string => blank(sql, 'all')
