/** A place that can be broken without anything observable changing, and why. */
export interface Equivalent {
  readonly file: string
  /** Of one rule alone; else of every rule that breaks this place. */
  readonly rule?: string
  /** What stands there, on one line. */
  readonly was: string
  readonly why: string
}

const NARROWED = 'tells the compiler alone: where the form matches, each of its groups is there'

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'src/store/clean-up.ts',
    rule: 'bound moved',
    was: '<=',
    why: 'what goes a millisecond later goes with the next run of the job',
  },
  { file: 'src/crypto/device-token.ts', was: 'id === undefined', why: NARROWED },
  { file: 'src/crypto/device-token.ts', was: 'expiry === undefined', why: NARROWED },
  { file: 'src/crypto/device-token.ts', was: 'mac === undefined', why: NARROWED },
]
