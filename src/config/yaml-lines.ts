import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type Node } from 'yaml'

export type Path = readonly PropertyKey[]

const step = (
  node: unknown,
  key: PropertyKey,
  document: Document,
): { at: unknown; value: unknown } | undefined => {
  const there = isAlias(node) ? node.resolve(document) : node
  if (isSeq(there)) {
    const value = there.items[Number(key)]
    return value === undefined ? undefined : { at: value, value }
  }
  if (!isMap(there)) return undefined
  const pair = there.items.find(
    (item) => String(isScalar(item.key) ? item.key.value : item.key) === String(key),
  )
  return pair && { at: pair.key, value: pair.value }
}

/** The 1-based line on which a path of a YAML document stands: of its key, or of the nearest one above it that is there. */
export const lineOfPath = (document: Document, counter: LineCounter, path: Path): number => {
  let node: unknown = document.contents
  let at: Node | undefined = document.contents ?? undefined
  for (const key of path) {
    const next = step(node, key, document)
    if (!next) break
    if (isNode(next.at)) at = next.at
    node = next.value
  }
  return at?.range ? counter.linePos(at.range[0]).line : 1
}
