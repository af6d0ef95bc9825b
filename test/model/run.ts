import type fc from 'fast-check'
import { decodeJwt } from 'jose'
import { expect } from 'vitest'
import { hashRefreshTokenId } from '../../src/crypto/refresh-token'
import { Problem } from '../../src/http/wire'
import { type Call, type Interference, LOST_CONNECTION } from '../platform/bindings'
import { type Answer, createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds, stopClock } from '../platform/clock'
import { heldBack } from '../platform/held-body'
import { loggedEvents } from '../platform/logs'
import { PASSWORD, signUpPerson } from '../platform/people'
import { eventTypes, sessionRows, setActive } from '../platform/records'
import { type Action, CLIENTS, type ClientName, type Fate, GEOGRAPHY } from './lives'
import { GRACE, SessionModel, type Verdict } from './refresh-model'

// One life of a session: the service and the model side by side.

const vars = {
  AUTH_ACCESS_TTL: '60',
  AUTH_REFRESH_TTL: '300',
  AUTH_SESSION_TTL: '900',
  AUTH_REFRESH_GRACE: '10',
}

/** What was decided in all runs, to see that the runs go where they should. */
export const tally = new Map<string, number>()

/** The statements of each batch that decides. */
const SIZES = { refresh: 9, ask: 5, change: 13, repeat: 6, session: 2 }

/** What a refusal is told as, where it is not `invalid_refresh_token`. */
const CODES: Readonly<Record<string, string>> = {
  authenticated_again: 'superseded',
  used_from_many_networks: 'insufficient_user_authentication',
}

function count(what: string): void {
  tally.set(what, (tally.get(what) ?? 0) + 1)
}

const asSent = (rawBody: ReadableStream) => ({
  rawBody,
  headers: { 'Content-Type': 'application/json' },
})

const refusalOrNone = (answer: Answer) => (answer.status === 200 ? null : refusal(answer))

/** Lets one action at a time go on, in the order of the scheduler: what is decided in D1 has one order. */
class Turns {
  #running = 0
  readonly #scheduler: fc.Scheduler
  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler
  }

  async run(label: string, work: () => Promise<void>): Promise<void> {
    await this.next(`${label} starts`, 0)
    try {
      await work()
    } finally {
      this.#running--
    }
  }

  async next(label: string, running = 1): Promise<void> {
    this.#running -= running
    await this.#scheduler.schedule(Promise.resolve(), label)
    this.#running++
  }

  all(works: readonly Promise<void>[]): Promise<unknown> {
    return this.#scheduler.waitFor(Promise.all(works), async (release) => {
      await release()
      do await new Promise((resolve) => setTimeout(resolve, 0))
      while (this.#running > 0)
    })
  }
}

export class Run {
  readonly model: SessionModel
  readonly turns: Turns
  readonly userId: string
  readonly tokens: string[]
  /** The generation of the token that the clients share, as tabs share a cookie. */
  held = 0
  accessToken: string
  /** What its user knows to be the password, and the change of it whose answer is yet to come. */
  password: string = PASSWORD
  pending: { readonly current: string; readonly next: string } | null = null
  changes = 0

  private constructor(turns: Turns, person: Awaited<ReturnType<typeof signUpPerson>>) {
    this.turns = turns
    this.userId = person.userId
    this.tokens = [person.session.refresh_token]
    this.accessToken = person.session.access_token
    this.model = new SessionModel(Date.now(), 'phone', PASSWORD, GEOGRAPHY)
  }

  static async start(scheduler: fc.Scheduler): Promise<Run> {
    stopClock()
    const person = await signUpPerson(createClient({ ...CLIENTS.phone, vars }))
    return new Run(new Turns(scheduler), person)
  }

  async perform(action: Action): Promise<void> {
    switch (action.do) {
      case 'refresh':
        return this.refresh(action.by, this.held, action.fate, action.isHeld)
      case 'replay':
        return this.refresh(action.by, Math.max(0, this.held - action.back), 'lost')
      case 'change password':
        return this.changePassword(action.by, action.fate)
      case 'forge':
        return this.forge(action.by, action.how)
      case 'use':
        return this.use(action.by)
      case 'log out':
        return this.logOut(action.by)
      case 'wait':
        return advanceSeconds(action.seconds)
      default:
        this.model.isUserActive = action.do === 'enable'
        return setActive(this.userId, this.model.isUserActive)
    }
  }

  async refresh(by: ClientName, generation: number, fate: Fate, isHeld = false): Promise<void> {
    const refresh_token = this.tokens[generation]
    // Of an answer that never came.
    if (refresh_token === undefined) return
    const request = {}
    let now = Date.now()
    const decided: { verdict: Verdict; mustAnswer: boolean } = {
      verdict: { kind: 'refused', reason: 'not_authentic' },
      mustAnswer: false,
    }
    const client = this.client(by, async (call, proceed) => {
      if (call.size !== SIZES.refresh) return proceed()
      if (fate === 'unavailable') throw new Error('D1_ERROR: D1 DB is overloaded')
      decided.mustAnswer = this.isHonest(by, generation, now)
      decided.verdict = this.model.refresh(generation, now, by, request)
      const result = await proceed()
      if (fate === 'committed unheard' && call.index === 0) throw new Error(LOST_CONNECTION)
      return result
    })
    const body = { refresh_token }
    const held = isHeld ? heldBack(body) : null
    const answering = client.post('/auth/refresh', held ? asSent(held.body) : { body })
    if (held) {
      await this.turns.next(`${by} has sent the first byte`)
      now = Date.now()
      held.release()
    }
    const answer = await answering
    if (held) count('held')
    // The machine was too slow for the service to wait: nothing was done.
    if (held && answer.status === 408) return
    const isExpired = Math.floor(now / 1000) >= Math.floor(this.model.expiresAt / 1000)
    this.expectVerdict(answer, decided, { fate, isExpired, generation })
  }

  expectVerdict(
    answer: Answer,
    decided: { readonly verdict: Verdict; readonly mustAnswer: boolean },
    { fate, isExpired, generation }: { fate: Fate; isExpired: boolean; generation: number },
  ): void {
    const expected = decided.verdict
    count(expected.kind === 'answered' ? expected.how : expected.reason)
    if (fate === 'unavailable' && !isExpired) {
      expect(refusal(answer)).toBe('503 service_unavailable')
      return
    }
    if (decided.mustAnswer) expect(answer.status, 'somebody honest was logged out').toBe(200)
    if (expected.kind === 'refused') {
      expect(refusal(answer)).toBe(`401 ${CODES[expected.reason] ?? 'invalid_refresh_token'}`)
      // The service's second try finds what its first has done, and need not say who did it.
      const { request_id } = Problem().parse(answer.body)
      const line = loggedEvents('refused').find((event) => event['request_id'] === request_id)
      const reason = line?.['reason']
      if (fate !== 'committed unheard') expect(reason).toBe(expected.reason)
      return
    }
    expect(answer.status, `generation ${generation}, now ${this.model.current}`).toBe(200)
    const session = sessionOf(answer)
    this.tokens[expected.generation] ??= session.refresh_token
    expect(session.refresh_token).toBe(this.tokens[expected.generation])
    if (fate === 'lost') return
    this.held = Math.max(this.held, expected.generation)
    this.accessToken = session.access_token
  }

  /** Whether the promise of the window covers this request, whatever the model says of it. */
  isHonest(by: ClientName, generation: number, now: number): boolean {
    const { model } = this
    const superseded = model.supersededAt[generation]
    const isInTime = superseded === undefined || superseded > now - GRACE
    const isDelayed = (model.rotatedAt ?? 0) > now + GRACE
    const isKnown = superseded === undefined || model.isKnown(by)
    const isFollowed = model.isFollowedFrom(generation)
    const isAsked = model.isAskedToAuthenticate(by, now)
    return model.isLive(now) && isInTime && !isDelayed && isKnown && isFollowed && !isAsked
  }

  /** The same change as before, if its answer was lost. */
  async changePassword(by: ClientName, fate: Fate): Promise<void> {
    const now = Date.now()
    const { model } = this
    const asked = this.pending ?? {
      current: this.password,
      next: `phrase number ${this.changes++}`,
    }
    this.pending = asked
    const epoch = Number(decodeJwt(this.accessToken)['epoch'])
    const seen = {
      mayAsk: false,
      isOver: false,
      isChanged: false,
      done: '',
      generation: 0,
      stored: '',
    }
    const look = () => {
      seen.isChanged = model.isChanged(now)
      seen.stored = model.password
    }
    let [isAnswered, isHeard] = [false, fate !== 'committed unheard']
    const decide: Interference = async (call, proceed) => {
      if (isAnswered && call.size === 1) model.touch(now)
      if (isAnswered) return proceed()
      if (fate === 'unavailable') throw new Error('D1_ERROR: D1 DB is overloaded')
      if (call.size === SIZES.ask || call.size === 1) look()
      if (call.size === SIZES.ask) seen.mayAsk = model.takes(epoch, now) || seen.isChanged
      // Where nothing was done, the session is asked for once more.
      if (call.size === SIZES.session) seen.isOver = !model.takes(epoch, now)
      const passwords = { verified: asked.current, next: asked.next }
      const isChange = call.size === SIZES.change
      const isRepeat = call.size === SIZES.repeat
      if (isChange && !seen.done && model.change(passwords, epoch, now, by)) seen.done = 'changed'
      if (isRepeat && !seen.done && model.repeat(asked.next, now, by)) seen.done = 'repeated'
      if ((isChange || isRepeat) && seen.done && !seen.generation) seen.generation = model.current
      const result = await proceed()
      if ((isChange || isRepeat) && !isHeard) {
        isHeard = true
        throw new Error(LOST_CONNECTION)
      }
      return result
    }
    const onAnswer = () => {
      isAnswered = true
    }
    const answer = await this.client(by, decide, onAnswer).post('/auth/change-password', {
      token: this.accessToken,
      body: { current_password: asked.current, new_password: asked.next },
    })
    this.expectChange(answer, { ...seen, asked, fate })
  }

  expectChange(
    answer: Answer,
    {
      mayAsk,
      isOver,
      done,
      generation,
      asked,
      fate,
    }: {
      mayAsk: boolean
      isOver: boolean
      done: string
      generation: number
      asked: NonNullable<Run['pending']>
      fate: Fate
    },
  ): void {
    const known = refusalOrNone(answer)
    if (fate === 'unavailable') {
      expect(answer.status).not.toBe(200)
      return
    }
    // Its access token has expired, or others have used up the attempts.
    if (answer.cost.d1 === 0 || known === '429 too_many_attempts') {
      expect(done).toBe('')
      return
    }
    // It was ended between the two runs of the batch.
    if (done && fate === 'committed unheard' && known === '401 invalid_token') return
    if (done) {
      count(done)
      const session = sessionOf(answer)
      this.tokens[generation] = session.refresh_token
      if (fate === 'lost') return
      this.held = Math.max(this.held, generation)
      this.accessToken = session.access_token
    } else expect(known).toBe(mayAsk && !isOver ? '403 wrong_password' : '401 invalid_token')
    if (this.pending === asked) this.pending = null
    this.password = done ? asked.next : this.model.password
  }

  async forge(by: ClientName, how: 'garbage' | 'cut' | 'resigned'): Promise<void> {
    const token = this.tokens.at(-1) ?? ''
    const forged = {
      garbage: 'a.forged.token',
      cut: token.slice(0, -3),
      resigned: token.replace(/[^.]+$/, (signature) => [...signature].reverse().join('')),
    }[how]
    const answer = await this.client(by).post('/auth/refresh', { body: { refresh_token: forged } })
    expect(refusal(answer)).toBe('401 invalid_refresh_token')
    expect(answer.cost.d1, 'a guess reached D1').toBe(0)
  }

  async use(by: ClientName): Promise<void> {
    const now = Date.now()
    const { epoch } = decodeJwt(this.accessToken)
    const isTokenExpired = Math.floor(now / 1000) >= (decodeJwt(this.accessToken).exp ?? 0)
    let isLive = false
    const client = this.client(by, (call, proceed) => {
      if (call.size === 2) isLive = this.model.takes(Number(epoch), now)
      if (call.size === 1) this.model.touch(now)
      return proceed()
    })
    const answer = await client.get('/auth/me', { token: this.accessToken })
    // A clock that stepped back far enough finds the token issued in the future.
    if (answer.cost.d1 === 0) return expect(answer.status).toBe(401)
    expect(isTokenExpired).toBe(false)
    expect(answer.status).toBe(isLive ? 200 : 401)
  }

  async logOut(by: ClientName): Promise<void> {
    const client = this.client(by, (call, proceed) => {
      if (call.size === 3) this.model.logOut()
      return proceed()
    })
    const refresh_token = this.tokens[this.held]
    const answer = await client.post('/auth/logout', { body: { refresh_token } })
    if (answer.status !== 200) expect(refusal(answer)).toBe('401 invalid_token')
  }

  client(
    by: ClientName,
    decide: Interference = (_call, proceed) => proceed(),
    onAnswer = () => {},
  ) {
    const interfere: Interference = async (call: Call, proceed) => {
      if (call.store !== 'd1') return proceed()
      await this.turns.next(`${by} in D1, call ${call.index}`)
      return decide(call, proceed)
    }
    return createClient({ ...CLIENTS[by], vars, interfere, onAnswer })
  }

  /** The row in D1 says what the model says, and nothing is there twice. */
  async expectAgreement(): Promise<void> {
    const { model, tokens, userId } = this
    const hashOf = async (generation: number) => {
      const token = tokens[generation]
      return token === undefined ? undefined : hashRefreshTokenId(String(decodeJwt(token).jti))
    }
    const [row, ...others] = await sessionRows(userId)
    expect(others).toEqual([])
    expect(row).toMatchObject({
      rotated_at: model.rotatedAt,
      last_used_at: model.lastUsedAt,
      expires_at: model.expiresAt,
      revoked_reason: model.revokedReason,
      authenticated_at: model.authenticatedAt,
      least_epoch: model.leastEpoch,
    })
    const networks: unknown[] = JSON.parse(String(row?.['other_networks'] ?? '[]'))
    expect(networks).toEqual(model.others.map((other) => expect.objectContaining(other)))
    const current = await hashOf(model.current)
    if (current !== undefined) expect(row).toMatchObject({ refresh_token_hash: current })
    const previous = await hashOf(model.current - 1)
    if (previous !== undefined) expect(row).toMatchObject({ previous_refresh_token_hash: previous })
    const types = await eventTypes(userId)
    const recorded = (type: string) => types.filter((each) => each === type).length
    expect(recorded('refresh_token_reused')).toBe(model.revokedReason === 'reuse' ? 1 : 0)
    expect(recorded('refreshed_from_elsewhere')).toBe(model.events.elsewhere)
    expect(recorded('fresh_authentication_required')).toBe(model.events.asked)
    expect(recorded('password_changed')).toBe(model.events.changed)
    expect(new Set(tokens.filter((token) => token !== undefined)).size).toBe(
      tokens.filter((token) => token !== undefined).length,
    )
  }
}
