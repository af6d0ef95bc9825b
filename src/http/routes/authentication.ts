import * as z from 'zod/mini'
import { logIn } from '../../auth/log-in'
import { areOfTwoUsers, logOut, logOutEverywhere } from '../../auth/log-out'
import { refreshSession } from '../../auth/refresh-session'
import { signUp } from '../../auth/sign-up'
import { verifyClaims } from '../../auth/verify-claims'
import { authenticateAny, bearerToken } from '../authenticate'
import { clearSiteData } from '../clear-site-data'
import { rememberDevice } from '../device-cookie'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import {
  allowedTransport,
  answeredSession,
  forgetPresentedCookies,
  presentedToken,
  replacedCookie,
} from '../refresh-cookie'
import { BODY, CHALLENGE, TOKEN_OR_KEY } from '../route-problems'
import {
  Claims,
  LogInInput,
  LogOutInput,
  Message,
  presentUser,
  RefreshInput,
  Session,
  SignedUp,
  SignUpInput,
} from '../wire'

const tag = 'Authentication'

export const authentication = factory
  .createApp()
  .post(
    '/signup',
    operation({
      operationId: 'signUp',
      summary: 'Create an account and sign it in',
      tag,
      cookie: 'set',
      description:
        'With EMAIL_VERIFICATION=required there is no session yet: `user` alone is answered. With transport `cookie` the session of the cookie that comes along ends.',
      responses: {
        201: {
          description: 'The account and its first session',
          schema: () => z.union([Session(), SignedUp()]),
        },
      },
      problems: [
        ...BODY,
        'weak_password',
        'email_taken',
        'signup_closed',
        'invitation_required',
        ...CHALLENGE,
        'origin_not_allowed',
        'service_unavailable',
      ],
    }),
    valid('json', SignUpInput),
    async (c) => {
      const { name, full_name, invitation = null, turnstile_token, ...input } = c.req.valid('json')
      const transport = allowedTransport(c, input.transport)
      const turnstileToken = turnstile_token
      const person = { ...input, invitation, turnstileToken, name: name ?? full_name ?? null }
      const replacedToken = replacedCookie(c, transport)
      const { account, issued } = await signUp(c.get('auth'), { ...person, replacedToken })
      if (!issued) return c.json({ user: presentUser(account) }, 201)
      const session = answeredSession(c, issued, transport)
      await rememberDevice(c, input.email, transport)
      return c.json(session, 201)
    },
  )
  .post(
    '/login',
    operation({
      operationId: 'logIn',
      summary: 'Start a session with email and password',
      description: 'With transport `cookie` the session of the cookie that comes along ends.',
      tag,
      cookie: 'set',
      responses: { 200: { description: 'A new session', schema: Session } },
      problems: [
        ...BODY,
        'invalid_credentials',
        'account_disabled',
        'email_not_verified',
        'too_many_attempts',
        ...CHALLENGE,
        'origin_not_allowed',
        'service_unavailable',
      ],
    }),
    valid('json', LogInInput),
    async (c) => {
      const { email, password, turnstile_token: turnstileToken, ...input } = c.req.valid('json')
      const transport = allowedTransport(c, input.transport)
      const credentials = { email, password, turnstileToken }
      const replacedToken = replacedCookie(c, transport)
      const issued = await logIn(c.get('auth'), { ...credentials, replacedToken })
      const session = answeredSession(c, issued, transport)
      await rememberDevice(c, email, transport)
      return c.json(session, 200)
    },
  )
  .post(
    '/refresh',
    operation({
      operationId: 'refreshSession',
      summary: 'Exchange a refresh token for a fresh session',
      description:
        'Retries and parallel calls inside the grace window all get the same refresh token. An older one ends the session, and the user is told by mail. Just after the password was changed, tokens from before get `superseded`, and nothing ends.',
      tag,
      cookie: 'taken',
      responses: { 200: { description: 'The session, with fresh tokens', schema: Session } },
      problems: [
        ...BODY,
        'missing_token',
        'invalid_refresh_token',
        'superseded',
        'insufficient_user_authentication',
        'origin_not_allowed',
        'service_unavailable',
      ],
    }),
    valid('json', RefreshInput),
    async (c) => {
      const { token, transport } = presentedToken(c, c.req.valid('json'))
      const issued = await refreshSession(c.get('auth'), token)
      c.set('outcome', issued.outcome)
      return c.json(answeredSession(c, issued, transport), 200)
    },
  )
  .post(
    '/logout',
    operation({
      operationId: 'logOut',
      summary: 'End the session',
      description:
        'Takes the access token or the refresh token, even expired or superseded. Ending an ended session succeeds. With `everywhere` a superseded token ends its own session alone: 401 `invalid_token`. A cookie of another user than the access token’s is left alone.',
      tag,
      cookie: 'taken',
      bearer: 'optional',
      responses: { 200: { description: 'The session has ended', schema: Message } },
      problems: [
        ...BODY,
        'invalid_request',
        'missing_token',
        'invalid_token',
        'origin_not_allowed',
        'service_unavailable',
      ],
    }),
    valid('json', LogOutInput),
    async (c) => {
      const input = c.req.valid('json')
      const accessToken = bearerToken(c)
      const both = { accessToken, refreshToken: presentedToken(c, input).token }
      const isInCookie = input.refresh_token === undefined
      const isOthers = isInCookie && (await areOfTwoUsers(c.get('auth'), both))
      const tokens = isOthers ? { accessToken, refreshToken: undefined } : both
      await (input.everywhere ? logOutEverywhere : logOut)(c.get('auth'), tokens)
      if (isInCookie && !isOthers) forgetPresentedCookies(c)
      clearSiteData(c, ['cache'])
      return c.json({ message: 'Logged out' }, 200)
    },
  )
  .get(
    '/verify',
    operation({
      operationId: 'verifyAccessToken',
      summary: 'Verify an access token by its signature and known revocations',
      description:
        'Costs no database round trip. A session that has just ended may still verify for about a minute.',
      tag,
      bearer: 'or_api_key',
      responses: { 200: { description: 'The claims of the token', schema: Claims } },
      problems: TOKEN_OR_KEY,
    }),
    authenticateAny,
    async (c) => c.json(await verifyClaims(c.get('auth'), c.get('principal')), 200),
  )
