import { logIn } from '../../auth/log-in'
import { logOut } from '../../auth/log-out'
import { refreshSession } from '../../auth/refresh-session'
import { requireUnrevoked } from '../../auth/require-unrevoked'
import { signUp } from '../../auth/sign-up'
import { authenticate, bearerToken } from '../authenticate'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import {
  Claims,
  LogInInput,
  LogOutInput,
  Message,
  presentSession,
  RefreshInput,
  Session,
  SignUpInput,
} from '../wire'

const tag = 'Authentication'
const BODY = [
  'validation_failed',
  'malformed_json',
  'payload_too_large',
  'unsupported_media_type',
] as const

export const authentication = factory
  .createApp()
  .post(
    '/signup',
    operation({
      operationId: 'signUp',
      summary: 'Create an account and sign it in',
      tag,
      responses: { 201: { description: 'The account and its first session', schema: Session } },
      problems: [...BODY, 'weak_password', 'email_taken', 'service_unavailable'],
    }),
    valid('json', SignUpInput),
    async (c) => {
      const { email, password, name, full_name } = c.req.valid('json')
      const input = { email, password, name: name ?? full_name ?? null }
      return c.json(presentSession(await signUp(c.var.auth, input)), 201)
    },
  )
  .post(
    '/login',
    operation({
      operationId: 'logIn',
      summary: 'Start a session with email and password',
      tag,
      responses: { 200: { description: 'A new session', schema: Session } },
      problems: [...BODY, 'invalid_credentials', 'account_disabled', 'service_unavailable'],
    }),
    valid('json', LogInInput),
    async (c) => c.json(presentSession(await logIn(c.var.auth, c.req.valid('json'))), 200),
  )
  .post(
    '/refresh',
    operation({
      operationId: 'refreshSession',
      summary: 'Exchange a refresh token for a fresh session',
      description:
        'Retries and parallel calls inside the grace window all get the same refresh token. An older one ends the session.',
      tag,
      responses: { 200: { description: 'The session, with fresh tokens', schema: Session } },
      problems: [...BODY, 'missing_token', 'invalid_refresh_token', 'service_unavailable'],
    }),
    valid('json', RefreshInput),
    async (c) => {
      const { refresh_token } = c.req.valid('json')
      return c.json(presentSession(await refreshSession(c.var.auth, refresh_token)), 200)
    },
  )
  .post(
    '/logout',
    operation({
      operationId: 'logOut',
      summary: 'End the session',
      description:
        'Takes the access token or the refresh token, even expired or superseded. Ending an ended session succeeds.',
      tag,
      bearer: true,
      responses: { 200: { description: 'The session has ended', schema: Message } },
      problems: [
        ...BODY,
        'invalid_request',
        'missing_token',
        'invalid_token',
        'service_unavailable',
      ],
    }),
    valid('json', LogOutInput),
    async (c) => {
      const { refresh_token: refreshToken } = c.req.valid('json')
      await logOut(c.var.auth, { accessToken: bearerToken(c), refreshToken })
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
      bearer: true,
      responses: { 200: { description: 'The claims of the token', schema: Claims } },
      problems: ['invalid_request', 'missing_token', 'invalid_token', 'service_unavailable'],
    }),
    authenticate,
    async (c) => {
      await requireUnrevoked(c.var.auth, c.var.claims)
      return c.json(c.var.claims, 200)
    },
  )
