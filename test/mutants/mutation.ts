/** One line broken, so that a test has to see it. */
export interface Mutation {
  /** What holds no longer. */
  readonly why: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** One of these has to fail. */
  readonly tests: readonly string[]
}
