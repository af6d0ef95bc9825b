import { isRevoked, revocationKeysOf } from '../auth/known-revocations'
import {
  type AccessTokenClaims,
  LONGEST_PAYLOAD,
  VerifiedClaims,
  verifyAccessToken,
} from '../crypto/access-token'
import { type PublishedKeys, publishedKeysOf, verifyByPublishedKey } from '../crypto/published-keys'
import { importSigningKeys, type SigningKeys } from '../crypto/signing-keys'
import { secrets as secretsForm } from '../secret-values'
import { type RevocationMarkers, readRevocationMarkers } from '../store/revocation-markers'

// For services that take our access tokens: what `GET /auth/verify` does, in their own Worker.

export type { VerifiedClaims }

/**
 * The claims of an access token, or null for anything that is not one that counts now.
 * @throws VerificationUnavailable when that cannot be told now
 */
export type TokenVerifier = (token: string) => Promise<VerifiedClaims | null>

/** What had to be asked did not answer: the caller should come back later, and is neither let in nor turned away. */
export class VerificationUnavailable extends Error {
  override readonly name = 'VerificationUnavailable'
}

/** Three parts of base64url: what is not even that is never sent anywhere. */
const TOKEN_FORM = new RegExp(`^[\\w-]{1,2048}\\.[\\w-]{1,${LONGEST_PAYLOAD}}\\.[\\w-]{1,1024}$`)

/** What both verifiers that look at the token themselves are told. */
interface Expected {
  readonly issuer: string
  /** The service's `AUTH_AUDIENCE`, where it is not the issuer. */
  readonly audience?: string
  /** The service's KV namespace `REVOCATIONS`; null accepts ended sessions until their tokens expire. */
  readonly revocations: RevocationMarkers | null
  /** The service's `AUTH_NOT_BEFORE`, in milliseconds since the epoch: what was issued earlier is refused. */
  readonly notBefore?: number
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

/**
 * Verifies by the keys that the service publishes, where it has `AUTH_SIGNING_KEYS`: signature, issuer, audience, `typ` and
 * expiry (RFC 9068 §4), then whether KV knows the session or the user's tokens to be revoked; one KV read.
 *
 * @param fetch another than the global one: that of a service binding, for example
 * @throws Error when it is made, of what would let everybody in or nobody
 */
export function keySetVerifier({
  fetch = (...sent) => globalThis.fetch(...sent),
  ...told
}: Expected & { readonly fetch?: typeof globalThis.fetch }): TokenVerifier {
  const { clock, revocations, ...expected } = expectedOf(told)
  let keys: PublishedKeys | null = null
  return async (token) => {
    if (!TOKEN_FORM.test(token)) return null
    keys ??= publishedKeysOf(expected.issuer, fetch)
    const claims = await available(verifyByPublishedKey(token, keys, { ...expected, now: clock() }))
    return claims && unrevoked(claims, revocations)
  }
}

/**
 * The same with the service's own secrets. Who holds them can sign tokens too: only for Workers as trusted as the service.
 * @param secrets the service's `AUTH_SECRETS`, as it is set there
 * @throws Error when it is made, of what would let everybody in or nobody: secrets that the service itself would refuse too
 */
export function localVerifier({
  secrets,
  ...told
}: Expected & { readonly secrets: string }): TokenVerifier {
  const { clock, revocations, ...expected } = expectedOf(told)
  const held = secretsOf(secrets)
  let keys: SigningKeys | null = null
  return async (token) => {
    if (!TOKEN_FORM.test(token)) return null
    keys ??= await importSigningKeys(held)
    const claims = await verifyAccessToken(token, { ...expected, keys, now: clock() })
    return claims && unrevoked(claims, revocations)
  }
}

async function unrevoked(claims: AccessTokenClaims, revocations: RevocationMarkers | null) {
  if (!revocations) return claims
  const markers = await available(readRevocationMarkers(revocations, revocationKeysOf(claims)))
  return isRevoked(claims, markers) ? null : claims
}

/**
 * Asks the service, `GET /auth/verify`, for each token: needs no secret of it.
 *
 * @param baseUrl the service's origin
 * @param fetch another than the global one: that of a service binding, for example
 * @param timeLimitMs for the answer
 * @throws Error when it is made without the origin of a service
 */
export function remoteVerifier({
  baseUrl,
  fetch = (...sent) => globalThis.fetch(...sent),
  timeLimitMs = 5000,
}: {
  baseUrl: string
  fetch?: typeof globalThis.fetch
  timeLimitMs?: number
}): TokenVerifier {
  const url = new URL('/auth/verify', originOf('baseUrl', baseUrl))
  return async (token) => {
    if (!TOKEN_FORM.test(token)) return null
    const response = await available(
      fetch(url, {
        headers: { Authorization: `Bearer ${token}` },
        redirect: 'manual',
        signal: AbortSignal.timeout(timeLimitMs),
      }),
    )
    if (response.status === 401) return null
    if (response.status !== 200) throw new VerificationUnavailable(`status ${response.status}`)
    return available(response.json().then((body) => VerifiedClaims.parse(body)))
  }
}

/**
 * Asks the service by RPC, over a service binding to its entrypoint `TokenVerification`: no HTTP between.
 * @throws Error when it is made without the binding
 */
export function boundVerifier(binding: {
  verify(token: string): Promise<VerifiedClaims | null>
}): TokenVerifier {
  if (!binding) throw new Error('binding must be the service binding to `TokenVerification`')
  return async (token) => (TOKEN_FORM.test(token) ? available(binding.verify(token)) : null)
}

async function available<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked
  } catch (cause) {
    throw new VerificationUnavailable('the authentication service cannot be asked', { cause })
  }
}

// What comes out of an `env` may be missing whatever its type says, and jose looks at no issuer that is undefined.
function expectedOf({
  issuer,
  audience,
  revocations,
  notBefore = 0,
  clock = Date.now,
}: Expected): Required<Expected> {
  const origin = originOf('issuer', issuer)
  if (audience === '') throw new Error('audience must not be empty')
  if (revocations === undefined) throw new Error('revocations must be the KV namespace, or null')
  if (!Number.isFinite(notBefore)) throw new Error('notBefore must be a number of milliseconds')
  return { issuer: origin, audience: audience ?? origin, revocations, notBefore, clock }
}

function originOf(name: string, text: string): string {
  const url = URL.parse(text)
  const isOrigin = url !== null && url.href === `${url.origin}/` && /^https?:$/.test(url.protocol)
  if (isOrigin) return url.origin
  throw new Error(`${name} must be the origin of the service, such as https://auth.example.com`)
}

// Never with the value: what is thrown here is logged somewhere.
function secretsOf(text: string): [string, ...string[]] {
  const { data, error } = secretsForm.safeParse(text)
  if (data) return data
  throw new Error(`secrets (AUTH_SECRETS) ${error.issues[0]?.message}`)
}
