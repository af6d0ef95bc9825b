import { createHash } from 'node:crypto'
import type { From } from './ask.ts'
import type { Range } from './ledger.ts'

export type Ending =
  | 'logout'
  | 'reuse'
  | 'session_limit'
  | 'ended_by_user'
  | 'ended_by_administrator'
  | 'password_changed'
  | 'password_reset'
  | 'user_disabled'

/** Of failures in a row at one email from one address, the audit trail has these (README, Limits). */
const RECORDED = [1, 5]

/** A session as its client holds it. */
export interface HeldSession {
  readonly id: string
  accessToken: string
  refreshToken: string
  /** Its access token is of an epoch that is over: only a refresh helps. */
  isOutdated: boolean
  /** When the request was sent that rotated it last. */
  rotationAskedAt: number
}

/** A user, as whoever acts for them must believe them to be. */
export class Person {
  readonly email: string
  readonly from: From
  readonly live: HeldSession[] = []
  readonly ended = new Map<string, Ending>()
  readonly keys: { readonly id: string; readonly key: string }[] = []
  userId = ''
  password: string
  name: string | null = null
  roles: readonly string[] = ['user']
  /** Left: nothing happens to them any more. Unsure: what has happened to them is anybody's guess. */
  state: 'active' | 'disabled' | 'left' | 'gone' | 'unsure' = 'active'
  /** Logins and keys whose answer never came, so that there may be one that nobody holds. */
  strays = 0
  strayKeys = 0
  strayGuesses = 0
  /** Failures that the counter of this email and address may have. */
  guesses: Range = { least: 0, most: 0 }
  /** When a link to choose a new password was asked for last, and how often. */
  linkAskedAt = 0
  links = 0
  /** Never deletes the account, so that others may have a go at it; and how often they had. */
  readonly isStaying: boolean
  strikes = 0

  constructor(as: { email: string; password: string; from: From; isStaying: boolean }) {
    this.email = as.email
    this.password = as.password
    this.from = as.from
    this.isStaying = as.isStaying
  }

  hold(body: Readonly<Record<string, unknown>>): HeldSession {
    const accessToken = String(body['access_token'])
    const refreshToken = String(body['refresh_token'])
    const { sid: id } = claimsOf(refreshToken)
    const session = { id, accessToken, refreshToken, isOutdated: false, rotationAskedAt: 0 }
    this.live.push(session)
    return session
  }

  end(session: HeldSession, ending: Ending): void {
    const index = this.live.indexOf(session)
    if (index >= 0) this.live.splice(index, 1)
    this.ended.set(session.id, ending)
  }

  endAllBut(kept: HeldSession | null, ending: Ending): void {
    for (const session of [...this.live]) if (session !== kept) this.end(session, ending)
  }

  /** A wrong password was refused; whether the trail has it depends on how many there were before. */
  guessed(): 'recorded' | 'perhaps' | 'not recorded' {
    const { least, most } = this.guesses
    this.guesses = { least: least + 1, most: most + 1 }
    if (least === most) return RECORDED.includes(most + 1) ? 'recorded' : 'not recorded'
    return 'perhaps'
  }

  /** A request with a password was not answered: it may have counted, and may still. */
  guessedPerhaps(): void {
    this.strayGuesses++
    this.guesses = { ...this.guesses, most: this.guesses.most + 1 }
  }

  /** The right password: counting begins anew. */
  proved(): void {
    this.guesses = { least: 0, most: this.strayGuesses }
  }
}

export function claimsOf(token: string): { sid: string; jti: string } {
  const { sid, jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return { sid: String(sid), jti: String(jti) }
}

/** What the database keeps of a refresh token. */
export function hashOf(refreshToken: string): string {
  return createHash('sha256').update(claimsOf(refreshToken).jti).digest('base64url')
}
