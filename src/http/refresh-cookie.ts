import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { IssuedSession } from '../auth/issue-session'
import { readRefreshToken } from '../auth/presented-token'
import type { AppEnv } from './factory'
import { JSON_TYPE } from './json-body'
import { ProblemError } from './problem'
import { presentSession, type Transport } from './wire'

// The transport for browsers: a refresh token that no script can read (RFC 6265bis §4.1.3.2, `__Host-`).

const NAME = 'refresh_token'
const ACCESS = 'access_token'
/** Sent to this origin alone, over https, from its own pages, and out of reach of scripts. */
export const HOST_COOKIE = {
  prefix: 'host',
  path: '/',
  secure: true,
  httpOnly: true,
  sameSite: 'Strict',
} as const

/** The transport asked for; a cookie only for our own pages. */
export function allowedTransport(c: Context<AppEnv>, transport: Transport): Transport {
  if (transport === 'cookie') requireOwnPage(c)
  return transport
}

/**
 * The refresh token of the body, or else of the cookie, and how its successor is to travel: what came in
 * the cookie is never answered in the body, where a script could read it.
 */
export function presentedToken(
  c: Context<AppEnv>,
  body: { refresh_token?: string | undefined; transport?: Transport },
): { token: string | undefined; transport: Transport } {
  const inCookie = body.refresh_token === undefined ? refreshCookie(c) : undefined
  const transport = inCookie === undefined ? (body.transport ?? 'body') : 'cookie'
  return { token: body.refresh_token ?? inCookie, transport: allowedTransport(c, transport) }
}

/** How the new tokens of this session travel: where its own cookie came along, in that. */
export async function transportOfSession(
  c: Context<AppEnv>,
  sessionId: string,
  asked: Transport = 'body',
): Promise<Transport> {
  const inCookie = refreshCookie(c)
  const presented = inCookie ? await readRefreshToken(c.get('auth'), inCookie) : null
  return allowedTransport(c, presented?.claims.sid === sessionId ? 'cookie' : asked)
}

/**
 * The session for the body of the answer; its refresh token goes there too, or into the cookie. Pages then ask that
 * one: the access token that they hold may be somebody else's.
 */
export function answeredSession(c: Context<AppEnv>, issued: IssuedSession, transport: Transport) {
  const { access_token, ...session } = presentSession(issued)
  if (transport === 'body') return { access_token, refresh_token: issued.refreshToken, ...session }
  setRefreshCookie(c, issued)
  if (accessCookie(c) !== undefined) deleteCookie(c, ACCESS, HOST_COOKIE)
  return { access_token, ...session }
}

function setRefreshCookie(c: Context<AppEnv>, issued: IssuedSession): void {
  setCookie(c, NAME, issued.refreshToken, { ...HOST_COOKIE, maxAge: issued.refreshExpiresIn })
}

/** The cookie that a new session takes the place of, with the session that it is of. */
export function replacedCookie(c: Context<AppEnv>, transport: Transport): string | undefined {
  return transport === 'cookie' ? refreshCookie(c) : undefined
}

export function refreshCookie(c: Context<AppEnv>): string | undefined {
  return getCookie(c, NAME, 'host')
}

/** The access token of the hosted pages, which nothing else looks at. */
export function accessCookie(c: Context<AppEnv>): string | undefined {
  return getCookie(c, ACCESS, 'host')
}

/** Both, for the hosted pages. */
export function setSessionCookies(c: Context<AppEnv>, issued: IssuedSession): void {
  setRefreshCookie(c, issued)
  setCookie(c, ACCESS, issued.accessToken, { ...HOST_COOKIE, maxAge: issued.expiresIn })
}

/** Takes back what came, after a logout with it: pages must not go on as who has logged out. */
export function forgetPresentedCookies(c: Context<AppEnv>): void {
  if (refreshCookie(c) === undefined) return
  deleteCookie(c, NAME, HOST_COOKIE)
  if (accessCookie(c) !== undefined) deleteCookie(c, ACCESS, HOST_COOKIE)
}

/** Takes both back, also such as this very answer has set. */
export function forgetSessionCookies(c: Context<AppEnv>): void {
  deleteCookie(c, NAME, HOST_COOKIE)
  deleteCookie(c, ACCESS, HOST_COOKIE)
}

/** Where the service itself is reached. */
export function ownOrigins(c: Context<AppEnv>): readonly string[] {
  return [new URL(c.req.url).origin, new URL(c.get('auth').config.issuer).origin]
}

// Against cross-site request forgery: browsers send the cookie by themselves, and tell truly from where.
function requireOwnPage(c: Context<AppEnv>): void {
  const own = [...ownOrigins(c), ...c.get('auth').config.frontendOrigins]
  const isOwn = own.includes(c.req.header('Origin') ?? '')
  if (!isOwn || c.req.header('Sec-Fetch-Site') === 'cross-site') {
    throw new ProblemError('origin_not_allowed')
  }
  if (!JSON_TYPE.test(c.req.header('Content-Type') ?? '')) {
    throw new ProblemError('unsupported_media_type')
  }
}
