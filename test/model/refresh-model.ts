// The reference: one session as README.md beside this describes it, in plain arithmetic. It knows no SQL,
// no hashes and no JWTs; a token is the number of its generation. Times in milliseconds.

export const GRACE = 10_000
export const IDLE = 300_000
export const LIFE = 900_000
const TOUCH_INTERVAL = 60_000

export type Verdict =
  | {
      readonly kind: 'answered'
      readonly generation: number
      readonly how: 'rotated' | 'retried' | 'unchanged' | 'overtaken'
    }
  | { readonly kind: 'refused'; readonly reason: string }

const refused = (reason: string): Verdict => ({ kind: 'refused', reason })

export class SessionModel {
  current = 0
  rotatedAt: number | null = null
  lastUsedAt: number
  readonly expiresAt: number
  revokedReason: 'reuse' | 'logout' | null = null
  isUserActive = true
  /** Who rotated last, or began the session. */
  holder: string
  /** When each generation was superseded. */
  readonly supersededAt: number[] = []

  readonly #isAcquainted: (one: string, other: string) => boolean

  constructor(now: number, holder: string, isAcquainted: (one: string, other: string) => boolean) {
    this.#isAcquainted = isAcquainted
    this.lastUsedAt = now
    this.expiresAt = now + LIFE
    this.holder = holder
  }

  isLive(now: number): boolean {
    return (
      this.revokedReason === null &&
      this.isUserActive &&
      now < this.expiresAt &&
      now < this.lastUsedAt + IDLE
    )
  }

  /** Whether the client shares a network or an agent with who rotated last. */
  isKnown(client: string): boolean {
    return this.#isAcquainted(client, this.holder)
  }

  /** What is decided on a refresh that arrived at `now`, when its turn comes. */
  refresh(generation: number, now: number, client: string): Verdict {
    if (!this.isLive(now)) return refused('session_ended')
    if (generation === this.current) return this.#refreshCurrent(now, client)
    const rotatedAt = this.rotatedAt ?? 0
    const isKnown = this.isKnown(client)
    const isPrevious = generation === this.current - 1 && rotatedAt > now - GRACE
    const isOvertaken = rotatedAt > now && rotatedAt <= now + GRACE
    if (isKnown && (isPrevious || isOvertaken)) {
      if (generation < this.current - 2) return refused('superseded')
      return this.#answered(isPrevious ? 'retried' : 'overtaken')
    }
    this.revokedReason = 'reuse'
    return refused('reused')
  }

  #refreshCurrent(now: number, client: string): Verdict {
    const isRecent = this.rotatedAt !== null && this.rotatedAt > now - GRACE
    if (!isRecent) {
      this.rotatedAt = Math.max(now, this.lastUsedAt)
      this.lastUsedAt = this.rotatedAt
      this.supersededAt[this.current] = this.rotatedAt
      this.current++
      this.holder = client
    }
    return this.#answered(isRecent ? 'unchanged' : 'rotated')
  }

  #answered(how: 'rotated' | 'retried' | 'unchanged' | 'overtaken'): Verdict {
    return { kind: 'answered', generation: this.current, how }
  }

  logOut(): void {
    this.revokedReason ??= 'logout'
  }

  /** What follows the answer to an authenticated call. */
  touch(now: number): void {
    if (this.isLive(now) && this.lastUsedAt <= now - TOUCH_INTERVAL) this.lastUsedAt = now
  }
}
