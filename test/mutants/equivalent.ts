/** A place that can be broken without anything observable changing, and why. */
export interface Equivalent {
  readonly file: string
  /** Of one rule alone; else of every rule that breaks this place. */
  readonly rule?: string
  /** What stands there, on one line. */
  readonly was: string
  readonly why: string
}

export const EQUIVALENT: readonly Equivalent[] = []
