import type { Context } from 'hono'
import { authenticate } from '../../auth/authenticate'
import type { EmailAddress } from '../../auth/email-address'
import { AuthError } from '../../auth/errors'
import type { IssuedSession } from '../../auth/issue-session'
import { logOut } from '../../auth/log-out'
import { refreshSession } from '../../auth/refresh-session'
import type { AccessTokenClaims } from '../../crypto/access-token'
import { clearSiteData } from '../clear-site-data'
import { rememberDevice } from '../device-cookie'
import type { AppEnv } from '../factory'
import { requireRefreshPassage } from '../rate-limit'
import {
  accessCookie,
  forgetSessionCookies,
  refreshCookie,
  setSessionCookies,
} from '../refresh-cookie'
import { SHOWN_TO } from './form'
import { LOGIN_CODES } from './submit'

// Who looks at a page: by a session in two cookies. The access token is for pages alone, the API does not look at it.
// It spares the refresh token: rotated by each view, it would be lost with each that is cancelled.

/** Logs a browser in, which from then on is known as a device of theirs. What it was logged in to before ends. */
export async function beginVisit(
  c: Context<AppEnv>,
  issued: IssuedSession,
  email: EmailAddress,
): Promise<void> {
  await endPresentedSession(c)
  setSessionCookies(c, issued)
  await rememberDevice(c, email, 'cookie')
}

export function endVisit(c: Context<AppEnv>): void {
  forgetSessionCookies(c)
  clearSiteData(c, ['cache', 'storage'])
}

/** Ends the session of the cookies that came, if they are good for one. */
export async function endPresentedSession(c: Context<AppEnv>): Promise<void> {
  const tokens = { accessToken: accessCookie(c), refreshToken: refreshCookie(c) }
  try {
    await logOut(c.get('auth'), tokens)
  } catch (error) {
    if (!(error instanceof AuthError && LOGIN_CODES.includes(error.code))) throw error
  }
}

/**
 * Does the work for who is logged in. Where the access token is missing, over, or of a session that has ended, the
 * refresh token says who that is.
 * @throws AuthError missing_token, invalid_token, invalid_refresh_token, and what `work` does
 */
export async function asVisitor<Result>(
  c: Context<AppEnv>,
  work: (claims: AccessTokenClaims) => Promise<Result>,
): Promise<Result> {
  const claims = await visitorClaims(c)
  if (claims) {
    try {
      return await work(claims)
    } catch (error) {
      const isOver = error instanceof AuthError && error.code === 'invalid_token'
      // The refresh token may be somebody else's by now: a form does nothing to whom its page did not show.
      if (!isOver || c.req.method === 'POST') throw error
    }
  }
  await requireRefreshPassage(c)
  const issued = await refreshSession(c.get('auth'), refreshCookie(c))
  setSessionCookies(c, issued)
  return work(await authenticate(c.get('auth'), issued.accessToken))
}

/**
 * The same for a form, which somebody else may have sent than its page was shown to: in another tab another has logged in.
 * @throws AuthError invalid_token then too
 */
export function asSender<Result>(
  c: Context<AppEnv>,
  form: URLSearchParams,
  work: (claims: AccessTokenClaims) => Promise<Result>,
): Promise<Result> {
  return asVisitor(c, (claims) => {
    const shownTo = form.get(SHOWN_TO) ?? claims.sub
    if (shownTo === claims.sub) return work(claims)
    throw new AuthError('invalid_token', { reason: 'shown_to_another', user_id: claims.sub })
  })
}

/** What the access token says, by signature and time alone; null where there is none that is good. */
export async function visitorClaims(c: Context<AppEnv>): Promise<AccessTokenClaims | null> {
  try {
    return await authenticate(c.get('auth'), accessCookie(c))
  } catch (error) {
    if (error instanceof AuthError) return null
    throw error
  }
}
