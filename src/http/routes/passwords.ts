import { changePassword } from '../../auth/change-password'
import { forgetPassword } from '../../auth/request-link'
import { resetPassword } from '../../auth/reset-password'
import { authenticate } from '../authenticate'
import { rememberDevice } from '../device-cookie'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import { answeredSession, transportOfSession } from '../refresh-cookie'
import { BODY, CHALLENGE, OWN_PASSWORD, TOKEN } from '../route-problems'
import {
  ChangePasswordInput,
  ForgotPasswordInput,
  Message,
  PasswordChanged,
  ResetPasswordInput,
} from '../wire'

const tag = 'Passwords'

export const passwords = factory
  .createApp()
  .post(
    '/forgot-password',
    operation({
      operationId: 'forgotPassword',
      summary: 'Have a link mailed by which a new password is chosen',
      description: 'The answer is the same whether there is such an account or not.',
      tag,
      responses: { 202: { description: 'A mail is on its way, if there is', schema: Message } },
      problems: [...BODY, ...CHALLENGE, 'service_unavailable'],
    }),
    valid('json', ForgotPasswordInput),
    async (c) => {
      const { email, turnstile_token: turnstileToken } = c.req.valid('json')
      await forgetPassword(c.get('auth'), { email, turnstileToken })
      return c.json({ message: 'If there is an account with this email, a link was mailed' }, 202)
    },
  )
  .post(
    '/reset-password',
    operation({
      operationId: 'resetPassword',
      summary: 'Choose a new password, by the token of the link',
      description: 'Ends all sessions and logs nobody in.',
      tag,
      responses: { 200: { description: 'It is changed', schema: Message } },
      problems: [...BODY, 'invalid_link', 'weak_password', 'service_unavailable'],
    }),
    valid('json', ResetPasswordInput),
    async (c) => {
      const { token, new_password: newPassword } = c.req.valid('json')
      await resetPassword(c.get('auth'), { token, newPassword })
      return c.json({ message: 'The password is changed. Log in with it' }, 200)
    },
  )
  .post(
    '/change-password',
    operation({
      operationId: 'changePassword',
      summary: 'Change your password',
      description:
        'Ends all of your other sessions, and your API keys unless `keep_api_keys` is true. This one goes on under the tokens that are answered: older ones, and copies of them, are worth nothing. If the answer is lost, ask again within a minute.',
      tag,
      cookie: 'taken',
      bearer: 'required',
      responses: { 200: { description: 'It is changed', schema: PasswordChanged } },
      problems: [...BODY, ...TOKEN, ...OWN_PASSWORD, 'weak_password', 'origin_not_allowed'],
    }),
    authenticate,
    valid('json', ChangePasswordInput),
    async (c) => {
      const { current_password, new_password, keep_api_keys, ...input } = c.req.valid('json')
      const claims = c.get('claims')
      const transport = await transportOfSession(c, claims.sid, input.transport)
      const passwords = {
        currentPassword: current_password,
        newPassword: new_password,
        keepsApiKeys: keep_api_keys === true,
      }
      const issued = await changePassword(c.get('auth'), claims, passwords)
      await rememberDevice(c, { normalized: issued.account.email.toLowerCase() }, transport)
      const message = 'The password is changed, all other sessions have ended'
      return c.json({ ...answeredSession(c, issued, transport), message }, 200)
    },
  )
