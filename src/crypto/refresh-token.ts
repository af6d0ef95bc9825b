import * as z from 'zod/mini'
import type { TokenKey } from './access-token-keys'
import { randomText, sha256, toBase64Url } from './digest'
import type { SigningKey, SigningKeys } from './signing-keys'
import {
  SessionTokenClaims,
  signToken,
  type TokenExpectation,
  type TokenKind,
  verifyToken,
} from './token'

// Only we verify them, so that they stay HMAC-signed whatever signs access tokens.
const KIND: TokenKind = {
  typ: 'rt+jwt',
  signer: ({ current }) => tokenKeyOf(current),
  verifier: ({ byKid }, kid) => {
    const key = byKid.get(kid)
    return key && tokenKeyOf(key)
  },
}

const tokenKeyOf = ({ kid, refreshToken: key }: SigningKey): TokenKey => ({
  kid,
  algorithm: 'HS256',
  key,
})

/** Claims of a refresh token; `exp` is the session's absolute end. */
export type RefreshTokenClaims = z.infer<typeof RefreshTokenClaims>
const RefreshTokenClaims = z.extend(SessionTokenClaims, { type: z.literal('refresh') })

export interface VerifiedRefreshToken {
  readonly claims: RefreshTokenClaims
  readonly signedBy: SigningKey
}

export function signRefreshToken(claims: RefreshTokenClaims, keys: SigningKeys): Promise<string> {
  return signToken(KIND, claims, keys)
}

/** Null unless it is a refresh token of ours. Its audience is its issuer: nobody else accepts one. */
export async function verifyRefreshToken(
  token: string,
  expected: Omit<TokenExpectation, 'audience'>,
): Promise<VerifiedRefreshToken | null> {
  const own = { ...expected, audience: expected.issuer }
  const verified = await verifyToken(token, KIND, RefreshTokenClaims, own)
  const signedBy = verified && expected.keys.byKid.get(verified.kid)
  return signedBy ? { claims: verified.claims, signedBy } : null
}

export function newRefreshTokenId(): string {
  return randomText(32)
}

/** What is stored of a refresh token. A plain hash will do: the id has 256 random bits. */
export function hashRefreshTokenId(id: string): Promise<string> {
  return sha256(id)
}

/**
 * The id of the one token that may follow the presented one. A function of that token and of the secret
 * that signed it, so that every retry recomputes the same successor with nothing secret stored.
 */
export function successorTokenId({ claims, signedBy }: VerifiedRefreshToken): Promise<string> {
  return successorOf(claims.sid, claims.jti, signedBy)
}

/** The same for each of our secrets: while one is moved to the front, two places sign one id by different ones. */
export function successorTokenIds(
  { claims }: VerifiedRefreshToken,
  keys: SigningKeys,
): Promise<readonly string[]> {
  return Promise.all(
    [...keys.byKid.values()].map((key) => successorOf(claims.sid, claims.jti, key)),
  )
}

/**
 * The id with this hash among those that can follow the presented one, or null. Under any of our secrets:
 * while one is moved to the front, two places sign the same id by different ones. And within two
 * rotations: a request that arrived before the last of them may come to be decided after it.
 */
export async function findSuccessorId(
  { claims }: VerifiedRefreshToken,
  keys: SigningKeys,
  hash: string,
): Promise<string | null> {
  let generation = [claims.jti]
  for (let rotations = 1; rotations <= 2; rotations++) {
    generation = await Promise.all(
      generation.flatMap((id) =>
        [...keys.byKid.values()].map((key) => successorOf(claims.sid, id, key)),
      ),
    )
    for (const id of generation) if ((await hashRefreshTokenId(id)) === hash) return id
  }
  return null
}

async function successorOf(sid: string, jti: string, { successor }: SigningKey): Promise<string> {
  const message = new TextEncoder().encode(`${sid}\0${jti}`)
  return toBase64Url(new Uint8Array(await crypto.subtle.sign('HMAC', successor, message)))
}
