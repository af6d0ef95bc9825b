import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { hashRefreshTokenId } from '../../src/crypto/refresh-token'
import { Problem } from '../../src/http/wire'
import { type Call, type Interference, LOST_CONNECTION } from '../platform/bindings'
import { createClient, refusal, sessionOf } from '../platform/client'
import { advanceSeconds, stopClock } from '../platform/clock'
import { loggedEvents } from '../platform/logs'
import { signUpPerson } from '../platform/people'
import { eventTypes, sessionRows, setActive } from '../platform/records'
import { seedsOf } from '../platform/seeds'
import {
  type Action,
  CLIENTS,
  type ClientName,
  type Fate,
  isAcquainted,
  type Round,
  round,
  SHORTEST_LIVES,
} from './lives'
import { GRACE, SessionModel, type Verdict } from './refresh-model'

/** For each seed. */
const RUNS = Number(env.MODEL_RUNS)

const vars = {
  AUTH_ACCESS_TTL: '60',
  AUTH_REFRESH_TTL: '300',
  AUTH_SESSION_TTL: '900',
  AUTH_REFRESH_GRACE: '10',
}

/** What was decided since the test began, to see where the lives go. */
const tally = new Map<string, number>()

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

class Run {
  readonly model: SessionModel
  readonly turns: Turns
  readonly userId: string
  readonly tokens: string[]
  /** The generation of the token that the clients share, as tabs share a cookie. */
  held = 0
  accessToken: string

  private constructor(turns: Turns, person: Awaited<ReturnType<typeof signUpPerson>>) {
    this.turns = turns
    this.userId = person.userId
    this.tokens = [person.session.refresh_token]
    this.accessToken = person.session.access_token
    this.model = new SessionModel(Date.now(), 'phone', isAcquainted)
  }

  static async start(scheduler: fc.Scheduler): Promise<Run> {
    stopClock()
    const person = await signUpPerson(createClient({ ...CLIENTS.phone, vars }))
    return new Run(new Turns(scheduler), person)
  }

  async perform(action: Action): Promise<void> {
    switch (action.do) {
      case 'refresh':
        return this.refresh(action.by, this.held, action.fate)
      case 'replay':
        return this.refresh(action.by, Math.max(0, this.held - action.back), 'lost')
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

  async refresh(by: ClientName, generation: number, fate: Fate): Promise<void> {
    const now = Date.now()
    const refresh_token = this.tokens[generation] ?? ''
    const decided: { verdict: Verdict; mustAnswer: boolean } = {
      verdict: { kind: 'refused', reason: 'not_authentic' },
      mustAnswer: false,
    }
    const client = this.client(by, async (call, proceed) => {
      if (call.size !== 6) return proceed()
      if (fate === 'unavailable') throw new Error('D1_ERROR: D1 DB is overloaded')
      decided.mustAnswer = this.isHonest(by, generation, now)
      decided.verdict = this.model.refresh(generation, now, by)
      const result = await proceed()
      if (fate === 'committed unheard' && call.index === 0) throw new Error(LOST_CONNECTION)
      return result
    })
    const isExpired = Math.floor(now / 1000) >= Math.floor(this.model.expiresAt / 1000)
    const answer = await client.post('/auth/refresh', { body: { refresh_token } })
    const verdict = decided.verdict
    const name = verdict.kind === 'answered' ? verdict.how : verdict.reason
    tally.set(name, (tally.get(name) ?? 0) + 1)
    if (fate === 'unavailable' && !isExpired) {
      expect(refusal(answer)).toBe('503 service_unavailable')
      return
    }
    if (decided.mustAnswer) expect(answer.status, 'somebody honest was logged out').toBe(200)
    const expected = decided.verdict
    if (expected.kind === 'refused') {
      expect(refusal(answer)).toBe('401 invalid_refresh_token')
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
    return model.isLive(now) && isInTime && !isDelayed && isKnown
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
    const isTokenExpired = Math.floor(now / 1000) >= (decodeJwt(this.accessToken).exp ?? 0)
    let isLive = false
    const client = this.client(by, (call, proceed) => {
      if (call.size === 2) isLive = this.model.isLive(now)
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

  client(by: ClientName, decide: Interference = (_call, proceed) => proceed()) {
    const interfere: Interference = async (call: Call, proceed) => {
      if (call.store !== 'd1') return proceed()
      await this.turns.next(`${by} in D1, call ${call.index}`)
      return decide(call, proceed)
    }
    return createClient({ ...CLIENTS[by], vars, interfere })
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
    })
    const current = await hashOf(model.current)
    if (current !== undefined) expect(row).toMatchObject({ refresh_token_hash: current })
    if (model.current > 0) {
      expect(row).toMatchObject({ previous_refresh_token_hash: await hashOf(model.current - 1) })
    }
    const events = (await eventTypes(userId)).filter((type) => type === 'refresh_token_reused')
    expect(events).toHaveLength(model.revokedReason === 'reuse' ? 1 : 0)
    expect(new Set(tokens.filter((token) => token !== undefined)).size).toBe(
      tokens.filter((token) => token !== undefined).length,
    )
  }
}

async function live(scheduler: fc.Scheduler, rounds: readonly Round[]): Promise<void> {
  const run = await Run.start(scheduler)
  for (const { waitSeconds, actions } of rounds) {
    if (!run.model.isLive(Date.now()) && run.model.isUserActive) break
    advanceSeconds(waitSeconds)
    await run.turns.all(
      actions.map((action) => run.turns.run(action.do, () => run.perform(action))),
    )
    await run.expectAgreement()
  }
}

test.each(seedsOf('MODEL_SEED'))(
  `the service agrees with the model in ${RUNS} random lives of a session (MODEL_SEED=%i)`,
  { timeout: 600_000 },
  async (seed) => {
    tally.clear()
    const rounds = fc.array(round, { minLength: 1, maxLength: 10, size: 'max' })
    const property = fc.asyncProperty(fc.scheduler(), rounds, live)
    await fc.assert(property, { numRuns: RUNS, seed })
    console.info(`${RUNS} runs, MODEL_SEED=${seed}:`, Object.fromEntries(tally))
  },
)

test.each(Object.entries(SHORTEST_LIVES))(
  'a life in which a refresh is %s',
  async (kind, rounds) => {
    tally.clear()
    // One action at a time leaves the scheduler no choice.
    const [scheduler] = fc.sample(fc.scheduler(), 1)
    if (scheduler) await live(scheduler, rounds)
    expect(tally.get(kind)).toBe(1)
  },
)
