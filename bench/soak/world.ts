import type { LocalDatabase } from '../serve.ts'
import type { Ledger } from './ledger.ts'
import type { Mailbox } from './mailbox.ts'
import type { Statistics } from './statistics.ts'

/** What all clients share. */
export interface World {
  readonly url: string
  readonly db: LocalDatabase
  readonly graceMs: number
  readonly mailbox: Mailbox
  readonly statistics: Statistics
  readonly ledger: Ledger
}
