// The reference: one session as README.md beside this describes it, in plain arithmetic. It knows no SQL,
// no hashes and no JWTs; a token is the number of its generation. Times in milliseconds.

export const GRACE = 10_000
export const IDLE = 300_000
export const LIFE = 900_000
const TOUCH_INTERVAL = 60_000
const DAY = 86_400_000
const REPEATABLE = 60_000
const MOST_NETWORKS = 4

export type Verdict =
  | {
      readonly kind: 'answered'
      readonly generation: number
      readonly how: 'rotated' | 'retried' | 'unchanged' | 'overtaken'
    }
  | { readonly kind: 'refused'; readonly reason: string }

const refused = (reason: string): Verdict => ({ kind: 'refused', reason })

/** How clients are related. */
export interface Geography {
  /** Whether two share a network or an agent. */
  isAcquainted(one: string, other: string): boolean
  networkOf(client: string): string
}

interface OtherNetwork {
  readonly network: string
  readonly at: number
}

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
  /** The generations that do not follow from the one before. */
  readonly random = new Set<number>()
  authenticatedAt: number | null = null
  password: string
  epoch = 1
  leastEpoch = 0
  others: OtherNetwork[] = []
  /** What stands in the audit trail. */
  readonly events = { elsewhere: 0, asked: 0, changed: 0 }

  readonly #geography: Geography
  #rotatedBy: object | null = null

  constructor(now: number, holder: string, password: string, geography: Geography) {
    this.#geography = geography
    this.lastUsedAt = now
    this.expiresAt = now + LIFE
    this.holder = holder
    this.password = password
  }

  isLive(now: number): boolean {
    return (
      this.revokedReason === null &&
      this.isUserActive &&
      now < this.expiresAt &&
      now < this.lastUsedAt + IDLE
    )
  }

  /** Whether an access token of that epoch is taken by routes that ask D1. */
  takes(epoch: number, now: number): boolean {
    return this.isLive(now) && epoch >= this.leastEpoch
  }

  /** Whether the client shares a network or an agent with who rotated last. */
  isKnown(client: string): boolean {
    return this.#geography.isAcquainted(client, this.holder)
  }

  /** Whether the session is used from too many networks, or would be with this client. */
  isAskedToAuthenticate(client: string, now: number): boolean {
    return this.#mustAuthenticate || this.#withNetworkOf(client, now).length >= MOST_NETWORKS
  }

  /** Whether the current generation follows from this one. */
  isFollowedFrom(generation: number): boolean {
    for (let next = generation + 1; next <= this.current; next++) {
      if (this.random.has(next)) return false
    }
    return true
  }

  /**
   * What is decided on a refresh that arrived, body and all, at `now`, when its turn comes.
   * @param request the same where D1 runs its batch again
   */
  refresh(generation: number, now: number, client: string, request: object): Verdict {
    if (!this.isLive(now)) return refused('session_ended')
    if (this.#mustAuthenticate) return refused('used_from_many_networks')
    if (generation === this.current) {
      const verdict = this.#refreshCurrent(now, client)
      if (verdict.kind === 'answered' && verdict.how === 'rotated') this.#rotatedBy = request
      return verdict
    }
    if (this.#rotatedBy === request) return this.#answered('rotated', now, client)
    const rotatedAt = this.rotatedAt ?? 0
    if (this.isKnown(client)) {
      if (isIn(this.authenticatedAt, now)) return refused('authenticated_again')
      if (generation === this.current - 1 && isIn(rotatedAt, now)) {
        return this.#answered('retried', now, client)
      }
      const wasSuperseded = this.supersededAt[generation] ?? 0
      const isOvertaken = rotatedAt > now && rotatedAt <= now + GRACE && wasSuperseded > now - GRACE
      if (generation === this.current - 2 && this.isFollowedFrom(generation) && isOvertaken) {
        return this.#answered('overtaken', now, client)
      }
    }
    this.revokedReason = 'reuse'
    return refused('reused')
  }

  #refreshCurrent(now: number, client: string): Verdict {
    const isRecent = this.rotatedAt !== null && this.rotatedAt > now - GRACE
    if (!isRecent) this.#rotate(now, client)
    return this.#answered(isRecent ? 'unchanged' : 'rotated', now, client)
  }

  #rotate(now: number, client: string): void {
    this.rotatedAt = Math.max(now, this.lastUsedAt)
    this.lastUsedAt = this.rotatedAt
    this.supersededAt[this.current] = this.rotatedAt
    this.current++
    this.holder = client
    this.#rotatedBy = null
  }

  #answered(
    how: 'rotated' | 'retried' | 'unchanged' | 'overtaken',
    now: number,
    client: string,
  ): Verdict {
    const others = this.#withNetworkOf(client, now)
    if (others !== this.others) {
      this.others = others
      this.events[this.#mustAuthenticate ? 'asked' : 'elsewhere']++
    }
    if (this.#mustAuthenticate) return refused('used_from_many_networks')
    return { kind: 'answered', generation: this.current, how }
  }

  get #mustAuthenticate(): boolean {
    return this.others.length >= MOST_NETWORKS
  }

  #withNetworkOf(client: string, now: number): OtherNetwork[] {
    const network = this.#geography.networkOf(client)
    if (network === this.#geography.networkOf(this.holder)) return this.others
    const recent = this.others.filter(({ at }) => at > now - DAY)
    if (recent.some((other) => other.network === network)) return this.others
    return [...recent, { network, at: now }]
  }

  /** Whether the answer to a change of the password may still be asked for again. */
  isChanged(now: number): boolean {
    return (
      this.isLive(now) && this.authenticatedAt !== null && this.authenticatedAt > now - REPEATABLE
    )
  }

  /** Whether the password is changed: it is still the one that was verified, and the token counts. */
  change(
    passwords: { verified: string; next: string },
    epoch: number,
    now: number,
    client: string,
  ) {
    if (!this.takes(epoch, now) || this.password !== passwords.verified) return false
    this.password = passwords.next
    this.epoch++
    this.#renew(now, client)
    return true
  }

  /** Whether the answer is given again: the password is still the one that was verified. */
  repeat(verified: string, now: number, client: string): boolean {
    if (!this.isChanged(now) || this.password !== verified) return false
    this.#renew(now, client)
    return true
  }

  #renew(now: number, client: string): void {
    this.#rotate(now, client)
    this.random.add(this.current)
    this.authenticatedAt = this.rotatedAt
    this.leastEpoch = this.epoch
    this.others = []
    this.events.changed++
  }

  logOut(): void {
    this.revokedReason ??= 'logout'
  }

  /** What follows the answer to an authenticated call. */
  touch(now: number): void {
    if (this.isLive(now) && this.lastUsedAt <= now - TOUCH_INTERVAL) this.lastUsedAt = now
  }
}

const isIn = (time: number | null, now: number) =>
  (time ?? 0) > now - GRACE && (time ?? 0) <= now + GRACE
