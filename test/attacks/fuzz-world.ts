import { expect } from 'vitest'
import { Problem } from '../../src/http/wire'
import { grantRoles } from '../platform/administrators'
import { type Answer, createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { captureLogs, loggedEvents } from '../platform/logs'
import { sentMails } from '../platform/mails'
import { PASSWORD, signUpPerson } from '../platform/people'
import type { ApiDocument } from './api-document'
import type { Caller, FuzzedRequest } from './fuzz-requests'
import { Existing, type Fields } from './fuzz-values'
import { expectGuarded } from './guarded'

const MOST_OF_A_KIND = 40

/** Names that stand for something that goes by another. */
const KINDS: Readonly<Record<string, string>> = {
  new_email: 'email',
  current_password: 'password',
  new_password: 'password',
  full_name: 'name',
  role: 'roles',
  user: 'id of users',
  actor: 'id of users',
  next_cursor: 'cursor',
}

/** The caller's session has ended or has become old, or the caller lost what they held. */
const TOKEN_IS_OF_NO_USE = [
  'invalid_token',
  'permission_denied',
  'superseded',
  'insufficient_user_authentication',
]

/** The service that is asked, and what it has told so far, so that requests can be about what exists. */
export class World {
  readonly #document: ApiDocument
  readonly #client = createClient({ vars: { EMAIL_VERIFICATION: 'optional' } })
  readonly #known = new Map([['password', [PASSWORD]]])
  readonly #tokens = new Map<Caller, string>()
  #readMails = 0
  #asksAboutNewest = false

  constructor(document: ApiDocument) {
    this.#document = document
  }

  /** Sends the request and holds the answer against all that must be true of any. */
  async ask(request: FuzzedRequest): Promise<Answer> {
    captureLogs()
    advanceSeconds(1)
    const answer = await this.#send(request)
    expect(answer.status, JSON.stringify(request).slice(0, 500)).toBeLessThan(500)
    expectGuarded(answer, request.path)
    this.#document.expectAnswer(request, answer)
    expect(loggedEvents().filter(({ level }) => level === 'ERROR')).toEqual([])
    this.#learn(request, answer)
    return answer
  }

  async #send({ method, path, caller, ...request }: FuzzedRequest): Promise<Answer> {
    if (request.isFaithful) this.#tokens.delete(caller)
    const token = await this.#tokenOf(caller)
    this.#asksAboutNewest = request.isFaithful === true
    // Nothing and dots make another address, of which the document says nothing.
    const address = path.replace(/\{(\w+)\}/g, (_, name) =>
      this.#text(request.parameters[name]).replace(/^\.{0,2}$/, 'none'),
    )
    const query = request.query.map((pair) => pair.map((part) => this.#text(part)).join('='))
    const { Cookie, ...headers } = this.#resolve(request.headers) as Record<string, string>
    if (Cookie !== undefined) headers['Cookie'] = `__Host-refresh_token=${Cookie}`
    const { body } = request
    const sent = { headers, ...(token !== undefined && { token }) }
    const url = query.length === 0 ? address : `${address}?${query.join('&')}`
    if (!body) return this.#client.send(method, url, sent)
    if ('json' in body) {
      return this.#client.send(method, url, { ...sent, body: this.#resolve(body.json) })
    }
    headers['Content-Type'] = 'form' in body ? 'application/x-www-form-urlencoded' : body.type
    const rawBody = 'form' in body ? this.#form(body.form) : body.raw
    return this.#client.send(method, url, { ...sent, rawBody })
  }

  /** A live one of the caller's, until an answer shows that it is not. */
  async #tokenOf(caller: Caller): Promise<string | undefined> {
    if (caller === 'anonymous') return undefined
    if (caller === 'garbage') return 'a.b.c'
    const known = this.#tokens.get(caller)
    if (known !== undefined) return known
    const { session, userId } = await signUpPerson(this.#client)
    if (caller === 'admin') await grantRoles(userId, 'admin')
    this.#learnValue('', session)
    this.#tokens.set(caller, session.access_token)
    return session.access_token
  }

  #text(value: unknown): string {
    const found = this.#resolve(value)
    const text = typeof found === 'string' ? found : JSON.stringify(found)
    return encodeURIComponent(text.toWellFormed())
  }

  #form(fields: Fields): string {
    return Object.entries(fields)
      .map((pair) => pair.map((part) => this.#text(part)).join('='))
      .join('&')
  }

  /** The value with what exists in place of what stands for it. */
  #resolve(value: unknown): unknown {
    if (value instanceof Existing) return this.#find(value)
    if (Array.isArray(value)) return value.map((item) => this.#resolve(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.#resolve(item)]),
    )
  }

  #find({ kind, nth, otherwise }: Existing): unknown {
    const known = this.#known.get(KINDS[kind] ?? kind) ?? []
    const back = this.#asksAboutNewest ? 0 : nth % Math.max(1, known.length)
    return known.at(-1 - back) ?? otherwise
  }

  #learn({ path, caller }: FuzzedRequest, { status, body }: Answer): void {
    const [collection = ''] = path.split('/{')[0]?.split('/').slice(-1) ?? []
    if (status < 400) this.#learnValue(collection, body)
    const { code } = status < 400 ? { code: '' } : Problem().parse(body)
    if (TOKEN_IS_OF_NO_USE.includes(code)) this.#tokens.delete(caller)
    for (const { text } of sentMails().slice(this.#readMails)) {
      const [, kind, token] = /#(token|invitation)=(\S+)/.exec(text) ?? []
      if (kind && token) this.#add(kind, token)
    }
    this.#readMails = sentMails().length
  }

  #learnValue(key: string, value: unknown): void {
    if (typeof value === 'string') this.#add(KINDS[key] ?? key, value)
    if (typeof value !== 'object' || value === null) return
    for (const [name, item] of Object.entries(value)) {
      const plural = key.endsWith('s') ? key : `${key}s`
      if (Array.isArray(value)) this.#learnValue(key, item)
      else if (name === 'id') this.#add(`id of ${plural}`, String(item))
      else this.#learnValue(name, item)
    }
  }

  #add(kind: string, value: string): void {
    const known = this.#known.get(kind) ?? []
    if (known.at(-1) !== value) this.#known.set(kind, [...known, value].slice(-MOST_OF_A_KIND))
  }
}
