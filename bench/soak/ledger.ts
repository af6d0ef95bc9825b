import type { Person } from './person.ts'

/** At least and at most: an answer that never came leaves both open. */
export interface Range {
  readonly least: number
  readonly most: number
}

const MOST_FINDINGS = 50

/** What the clients were told has happened, and what they were told that must not be. */
export class Ledger {
  readonly people: Person[] = []
  readonly findings: string[] = []
  readonly #counts = new Map<string, Range>()
  readonly #sessions = new Set<string>()

  /** Something has happened, as often as `times` says. */
  happened(what: string, times = 1): void {
    this.#add(what, { least: times, most: times })
  }

  /** Nobody knows whether it has. */
  mayHaveHappened(what: string, times = 1): void {
    this.#add(what, { least: 0, most: times })
  }

  count(what: string): Range {
    return this.#counts.get(what) ?? { least: 0, most: 0 }
  }

  /** The events of the audit trail among it. */
  events(): readonly string[] {
    return [...this.#counts.keys()].filter((what) => !what.startsWith('failures'))
  }

  /** A session that was begun, which no other answer may have begun before. */
  begun(sessionId: string): void {
    if (this.#sessions.has(sessionId)) this.find(`session ${sessionId} was given twice`)
    this.#sessions.add(sessionId)
  }

  find(finding: string): void {
    if (this.findings.length < MOST_FINDINGS) this.findings.push(finding)
  }

  #add(what: string, { least, most }: Range): void {
    const before = this.count(what)
    this.#counts.set(what, { least: before.least + least, most: before.most + most })
  }
}
