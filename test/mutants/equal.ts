/** Mutants that do what the source does: by file and by their changed line, the reason. */
export const equal: Readonly<Record<string, Readonly<Record<string, string>>>> = {}
