import { Buffer } from 'node:buffer'
import { connect } from 'node:net'
import { type Actor, addressOf } from './actor.ts'
import { ask, type Question } from './ask.ts'
import type { Person } from './person.ts'

const JSON_TYPE = 'application/json'

/** What no client of ours would send, and what it is told. */
export async function sendGarbage(actor: Actor, person: Person): Promise<void> {
  const { random, world } = actor
  const [question, allowed] = random.pick(requestsOf(actor, person))
  await ask(world, addressOf(actor), question, [allowed])
}

function requestsOf({ random }: Actor, person: Person) {
  const [session] = person.live
  const token = session?.accessToken ?? ''
  const refreshToken = session?.refreshToken ?? ''
  const email = `nobody.${random.text(9)}@soak.example`
  const refresh = (refresh_token: string): Question => ({
    verb: 'garbage: refresh',
    method: 'POST',
    path: '/auth/refresh',
    body: { refresh_token },
  })
  const body = (content: string | Uint8Array<ArrayBuffer>, type = JSON_TYPE): Question => ({
    verb: 'garbage: body',
    method: 'POST',
    path: random.pick(['/auth/login', '/auth/signup', '/auth/forgot-password']),
    raw: { body: content, type },
  })
  const plain = (method: string, path: string): Question => ({
    verb: 'garbage: address',
    method,
    path,
    token,
  })
  return [
    [refresh(random.text(60)), '401 invalid_refresh_token'],
    [refresh(token), '401 invalid_refresh_token'],
    [refresh(tampered(refreshToken)), '401 invalid_refresh_token'],
    [refresh(unsigned(refreshToken)), '401 invalid_refresh_token'],
    [refresh('x'.repeat(5000)), '400 validation_failed'],
    [body('{"email":'), '400 malformed_json'],
    [body(new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22])), '400 malformed_json'],
    [body('[]'), '400 validation_failed'],
    [body(JSON.stringify({ email: [email], password: { length: 9 } })), '400 validation_failed'],
    [body('email=a&password=b', 'application/x-www-form-urlencoded'), '415 unsupported_media_type'],
    [body('x'.repeat(20_000)), '413 payload_too_large'],
    [body(`{"a":${'['.repeat(7000)}${']'.repeat(7000)}}`), '400 validation_failed'],
    [plain('GET', '/auth/login'), '405 method_not_allowed'],
    [plain('PUT', '/auth/me'), '405 method_not_allowed'],
    [plain('GET', `/auth/${random.text(8)}`), '404 not_found'],
    [plain('GET', '/auth/verify?access_token=1'), '200'],
    [{ ...plain('GET', '/auth/me'), token: unsigned(token) }, '401 invalid_token'],
    [{ ...plain('GET', '/auth/me'), token: refreshToken }, '401 invalid_token'],
    [{ ...plain('DELETE', '/auth/sessions'), token: tampered(token) }, '401 invalid_token'],
  ] as const satisfies readonly (readonly [Question, string])[]
}

/** The same claims for somebody else, under the signature that was for others. */
function tampered(token: string): string {
  const [head, , signature] = token.split('.')
  const claims = { sub: crypto.randomUUID(), sid: crypto.randomUUID() }
  return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
}

function unsigned(token: string): string {
  const [, claims] = token.split('.')
  return `${Buffer.from('{"alg":"none","typ":"rt+jwt"}').toString('base64url')}.${claims}.`
}

/** Half a request, and gone. */
export function sendHalf({ world, random }: Actor): Promise<void> {
  const { hostname, port } = new URL(world.url)
  const head = 'POST /auth/login HTTP/1.1\r\nHost: soak\r\nContent-Type: application/json\r\n'
  const half = random.pick([head, `${head}Content-Length: 500\r\n\r\n{"email":"a`, 'GET / HTT'])
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(half, () => setTimeout(() => socket.destroy(), random.below(50)))
    })
    socket.on('close', () => resolve())
    socket.on('error', () => {})
  })
}
