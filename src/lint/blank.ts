/** Comments, literals and quoted names; nested block comments end at their first end here. */
const opaque =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\bE'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1/gi
const notBreak = /[^\n]/g

/** SQL with every comment, literal and quoted name turned into blanks; line breaks and positions stay. */
export const blankOpaque = (sql: string): string => sql.replace(opaque, (text) => text.replace(notBreak, ' '))
