import { base64url, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { importSigningKeys, type SigningKey } from '../../src/crypto/signing-keys'

// Tokens that somebody might present who has none, or another. Each is made from what a real client holds.

export const SECRET = 'test-only-secret-0123456789-abcdefghijklmnop'

export interface Held {
  readonly accessToken: string
  readonly refreshToken: string
}

type Claims = Readonly<Record<string, unknown>>

export interface Parts {
  readonly held: Held
  readonly key: SigningKey
  readonly header: Claims
  readonly claims: Claims
  /** Seconds. */
  readonly now: number
}

/** An access token as the service would sign it, but for what is given in place. */
async function signed(
  { key, header, claims }: Parts,
  { header: otherHeader = {}, claims: otherClaims = {}, by = key.accessToken }: Signing = {},
): Promise<string> {
  const payload = Object.fromEntries(
    Object.entries({ ...claims, ...otherClaims }).filter(([, value]) => value !== undefined),
  )
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'HS256', ...header, ...otherHeader })
    .sign(by, { crit: { 'urn:example:unknown': true } })
}

interface Signing {
  readonly header?: Claims
  readonly claims?: Claims
  readonly by?: CryptoKey | Uint8Array
}

const json = (value: unknown) => base64url.encode(JSON.stringify(value))

/** The three parts of the access token, some of them changed. */
function spliced({ held }: Parts, change: (parts: string[]) => string[]): string {
  return change(held.accessToken.split('.')).join('.')
}

const utf8 = (text: string) => new TextEncoder().encode(text)

const RSA = await generateKeyPair('RS256', { extractable: true })
const PUBLIC_PEM = await exportSPKI(RSA.publicKey)
const PUBLIC_JWK = await exportJWK(RSA.publicKey)

/** By name: what is put behind `Bearer `. */
export const CORPUS: Readonly<Record<string, (parts: Parts) => string | Promise<string>>> = {
  // The algorithm.
  'alg none, no signature': ({ header, claims }) =>
    `${json({ ...header, alg: 'none' })}.${json(claims)}.`,
  'alg None': ({ header, claims }) => `${json({ ...header, alg: 'None' })}.${json(claims)}.`,
  'alg none, the old signature': (parts) =>
    spliced(parts, ([, payload = '', signature = '']) => [
      json({ ...parts.header, alg: 'none' }),
      payload,
      signature,
    ]),
  'alg HS384': (parts) => signed(parts, { header: { alg: 'HS384' }, by: utf8(SECRET) }),
  'alg HS512': (parts) => signed(parts, { header: { alg: 'HS512' }, by: utf8(SECRET.repeat(2)) }),
  'alg EdDSA in the header alone': (parts) =>
    spliced(parts, ([, claims = '', signature = '']) => [
      json({ ...parts.header, alg: 'EdDSA' }),
      claims,
      signature,
    ]),
  'alg RS256 in the header alone': (parts) =>
    spliced(parts, ([, payload = '', signature = '']) => [
      json({ ...parts.header, alg: 'RS256' }),
      payload,
      signature,
    ]),
  'alg RS256, by a key of the sender’s': async ({ header, claims }) =>
    new SignJWT({ ...claims }).setProtectedHeader({ ...header, alg: 'RS256' }).sign(RSA.privateKey),
  'HS256 signed with a public key': (parts) => signed(parts, { by: utf8(PUBLIC_PEM) }),
  'HS256 signed with the secret itself': (parts) => signed(parts, { by: utf8(SECRET) }),
  'HS256 signed with nothing': (parts) => signed(parts, { by: utf8('\0'.repeat(32)) }),
  'no alg': (parts) =>
    spliced(parts, ([, payload = '', signature = '']) => [
      json({ typ: 'at+jwt', kid: parts.header['kid'] }),
      payload,
      signature,
    ]),

  // The key.
  'kid of nobody': (parts) => signed(parts, { header: { kid: 'nobody' } }),
  'kid that is a path': (parts) => signed(parts, { header: { kid: '../../dev/null' } }),
  'kid that is SQL': (parts) => signed(parts, { header: { kid: `' or 1=1 --` } }),
  'kid of a prototype': (parts) => signed(parts, { header: { kid: '__proto__' } }),
  'kid that is a number': (parts) => signed(parts, { header: { kid: 1 } }),
  'no kid': (parts) => signed(parts, { header: { kid: undefined } }),
  'jku of the sender’s': (parts) =>
    signed(parts, { header: { jku: 'https://evil.example/jwks.json', kid: 'evil' } }),
  'x5u of the sender’s': (parts) =>
    signed(parts, { header: { x5u: 'https://evil.example/cert.pem', kid: 'evil' } }),
  'jwk of the sender’s': (parts) =>
    signed(parts, { header: { jwk: PUBLIC_JWK }, by: utf8(PUBLIC_PEM) }),
  'crit that nobody understands': (parts) =>
    signed(parts, { header: { crit: ['urn:example:unknown'], 'urn:example:unknown': true } }),
  'crit that is empty': (parts) =>
    spliced(parts, ([, payload = '', signature = '']) => [
      json({ ...parts.header, crit: [] }),
      payload,
      signature,
    ]),
  'b64 false': (parts) =>
    spliced(parts, ([, payload = '', signature = '']) => [
      json({ ...parts.header, b64: false, crit: ['b64'] }),
      payload,
      signature,
    ]),

  // The kind.
  'the refresh token': ({ held }) => held.refreshToken,
  'typ JWT': (parts) => signed(parts, { header: { typ: 'JWT' } }),
  'typ rt+jwt': (parts) => signed(parts, { header: { typ: 'rt+jwt' } }),
  'no typ': (parts) => signed(parts, { header: { typ: undefined } }),
  'type refresh': (parts) => signed(parts, { claims: { type: 'refresh' } }),
  'no type': (parts) => signed(parts, { claims: { type: undefined } }),
  'signed by the key of refresh tokens': (parts) => signed(parts, { by: parts.key.refreshToken }),
  'signed by the key of mailed links': (parts) => signed(parts, { by: parts.key.oneTimeToken }),

  // The claims.
  'another issuer': (parts) => signed(parts, { claims: { iss: 'https://evil.example' } }),
  'an issuer that begins like ours': (parts) =>
    signed(parts, { claims: { iss: `${parts.claims['iss']}.evil.example` } }),
  'no issuer': (parts) => signed(parts, { claims: { iss: undefined } }),
  'another audience': (parts) => signed(parts, { claims: { aud: 'https://evil.example' } }),
  'no audience': (parts) => signed(parts, { claims: { aud: undefined } }),
  'expired by a second': (parts) => signed(parts, { claims: { exp: parts.now - 1 } }),
  'expires now': (parts) => signed(parts, { claims: { exp: parts.now } }),
  'no expiry': (parts) => signed(parts, { claims: { exp: undefined } }),
  'an expiry that is a text': (parts) => signed(parts, { claims: { exp: '9999999999' } }),
  'issued further ahead than clocks differ': (parts) =>
    signed(parts, { claims: { iat: parts.now + 61 } }),
  'not before tomorrow': (parts) => signed(parts, { claims: { nbf: parts.now + 86_400 } }),
  'no subject': (parts) => signed(parts, { claims: { sub: undefined } }),
  'no session': (parts) => signed(parts, { claims: { sid: undefined } }),
  'a session that is an object': (parts) => signed(parts, { claims: { sid: { $ne: null } } }),
  'roles that are a text': (parts) => signed(parts, { claims: { roles: 'admin' } }),
  'an epoch that is a text': (parts) => signed(parts, { claims: { epoch: '1' } }),
  'claims changed under the old signature': (parts) =>
    spliced(parts, ([header = '', , signature = '']) => [
      header,
      json({ ...parts.claims, roles: ['admin'], permissions: ['users:write'] }),
      signature,
    ]),

  // The form.
  'no signature': (parts) => spliced(parts, ([header = '', payload = '']) => [header, payload, '']),
  'two parts': (parts) => spliced(parts, (all) => all.slice(0, 2)),
  'four parts': (parts) => spliced(parts, (all) => [...all, 'x']),
  'five parts, as of an encrypted one': (parts) => spliced(parts, (all) => [...all, 'x', 'y']),
  'a signature cut short': ({ held }) => held.accessToken.slice(0, -1),
  'a signature with more behind': ({ held }) => `${held.accessToken}A`,
  'a signature of another last letter': ({ held: { accessToken } }) =>
    accessToken.slice(0, -2) + (accessToken.endsWith('AA') ? 'BB' : 'AA'),
  'padding behind': ({ held }) => `${held.accessToken}=`,
  'in base64 instead of base64url': (parts) =>
    spliced(parts, ([header = '', payload = '', signature = '']) => [
      header,
      payload,
      `+/${signature.slice(2)}`,
    ]),
  'in upper case': ({ held }) => held.accessToken.toUpperCase(),
  'a part that is no JSON': (parts) =>
    spliced(parts, ([, payload = '', signature = '']) => [
      base64url.encode('{'),
      payload,
      signature,
    ]),
  'a header that is an array': (parts) =>
    spliced(parts, ([, payload = '', signature = '']) => [json([]), payload, signature]),
  'a header that is null': (parts) =>
    spliced(parts, ([, payload = '', signature = '']) => [json(null), payload, signature]),
  'of 100 KB': (parts) =>
    signed(parts, { claims: { padding: 'x'.repeat(100_000) }, by: utf8('k'.repeat(32)) }),
  'dots alone': () => '..',
  'a letter': () => 'a',
}

export async function partsOf(held: Held): Promise<Parts> {
  const { current: key } = await importSigningKeys([SECRET])
  const [header = '', payload = ''] = held.accessToken.split('.')
  const read = (text: string): Claims =>
    JSON.parse(new TextDecoder().decode(base64url.decode(text)))
  return {
    held,
    key,
    header: read(header),
    claims: read(payload),
    now: Math.floor(Date.now() / 1000),
  }
}

/** That the corpus is refused for what it says and not for how it is made. */
export function untouched(parts: Parts): Promise<string> {
  return signed(parts)
}
