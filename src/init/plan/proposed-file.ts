/** A file of the project, by its path in it. */
export type ProposedFile = {
  path: string
  text: string
  /** append: to what is there, unless it holds these lines. */
  how: 'create' | 'append'
  /** For its owner alone, and never shown. */
  secret?: boolean
}
