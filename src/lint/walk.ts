import type { Body, Kind } from './parse.ts'

/** Every node of one kind at or below a node, wherever it stands. */
export const findNodes = <K extends Kind>(from: unknown, kind: K): Body<K>[] => {
  const found: Body<K>[] = []
  const open: unknown[] = [from]
  while (open.length > 0) {
    const node = open.pop()
    if (typeof node !== 'object' || node === null) continue
    for (const [key, value] of Object.entries(node)) {
      if (key === kind) found.push(value as Body<K>)
      open.push(value)
    }
  }
  return found
}
