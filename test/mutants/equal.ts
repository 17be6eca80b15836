/** Mutants that do what the source does: by file and by their changed line, the reason. */
export const equal: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'src/lint/rules/warnings/names.ts': {
    "text.endsWith('\"')": 'a word of the expression begins and ends with a quote, or has none',
  },
  'src/model/forensics.ts': {
    "written.endsWith('\"') ? written.slice(1, -1) : written.toLowerCase()":
      'a column of the expression begins and ends with a quote, or has none',
  },
}
