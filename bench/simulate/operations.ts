import counted from './operations.json' with { type: 'json' }

/** What one request costs, as test/scale/operations.test.ts counts it. */
export interface Operation {
  readonly status: number
  /** Round trips, also those after the answer. */
  readonly d1: number
  readonly statements: number
  readonly rowsRead: number
  readonly rowsWritten: number
  readonly kvKeysRead: number
  readonly kvWrites: number
  /** PBKDF2 calls of 100,000 iterations. */
  readonly derivations: number
  readonly logLines: number
  readonly logBytes: number
  readonly auditEvents: number
  readonly answerBytes: number
  /** What the job does about it in the weeks to come, its fixed part left out. */
  readonly later: {
    readonly rowsRead: number
    readonly rowsWritten: number
    readonly kvWrites: number
  }
}

export const OPERATIONS: Readonly<Record<string, Operation>> = counted

export function operation(name: string): Operation {
  const found = OPERATIONS[name]
  if (!found) throw new Error(`nobody has counted: ${name}`)
  return found
}
