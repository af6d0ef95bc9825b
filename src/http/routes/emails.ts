import type { Context } from 'hono'
import type * as z from 'zod/mini'
import { changeEmail } from '../../auth/change-email'
import { confirmEmailChange } from '../../auth/confirm-email-change'
import type { OpenedLink } from '../../auth/prove-link'
import { requestLink } from '../../auth/request-link'
import { verifyEmail } from '../../auth/verify-email'
import { authenticate, optionalClaims } from '../authenticate'
import { type AppEnv, factory } from '../factory'
import { operation, valid } from '../openapi'
import { BODY, OWN_PASSWORD, TOKEN } from '../route-problems'
import { ChangeEmailInput, EmailInput, LinkInput, Message, ProvenLinkInput } from '../wire'

const tag = 'Emails'
const LINK = [...BODY, 'invalid_link', 'service_unavailable'] as const
/** Of links that make an address an account's: who reads the mail need not be who made the account. */
const PROVEN = [
  ...LINK,
  'invalid_request',
  'password_required',
  'wrong_password',
  'too_many_attempts',
  'weak_password',
] as const
const PROOF =
  'Needs an access token of the account, its `password`, or a `new_password`; without any of them 403 `password_required`, and the link stays good.'

export const emails = factory
  .createApp()
  .post(
    '/verify-email',
    operation({
      operationId: 'verifyEmail',
      summary: 'Show that the address is yours, by the token of the link',
      description: `${PROOF} A wrong password is counted as a failed login. Ends the other sessions, API keys and links of the account; with a new password, all of them.`,
      tag,
      bearer: 'optional',
      responses: { 200: { description: 'It is verified', schema: Message } },
      problems: PROVEN,
    }),
    valid('json', ProvenLinkInput),
    async (c) => {
      await verifyEmail(c.get('auth'), await openedLink(c, c.req.valid('json')))
      return c.json({ message: 'The email is verified' }, 200)
    },
  )
  .post(
    '/verify-email/resend',
    operation({
      operationId: 'resendVerification',
      summary: 'Have another link mailed',
      description: 'The answer is the same whether there is such an account or not.',
      tag,
      responses: { 202: { description: 'A mail is on its way, if there is', schema: Message } },
      problems: [...BODY, 'service_unavailable'],
    }),
    valid('json', EmailInput),
    async (c) => {
      await requestLink(c.get('auth'), 'verify_email', c.req.valid('json').email)
      return c.json({ message: 'If the email is yet to be verified, a link was mailed' }, 202)
    },
  )
  .post(
    '/change-email',
    operation({
      operationId: 'changeEmail',
      summary: 'Have a link mailed to the address that is to be yours',
      description:
        'Nothing is mailed to an address that is somebody else’s, which the answer does not tell.',
      tag,
      bearer: 'required',
      responses: { 202: { description: 'A mail is on its way', schema: Message } },
      problems: [...BODY, ...TOKEN, ...OWN_PASSWORD],
    }),
    authenticate,
    valid('json', ChangeEmailInput),
    async (c) => {
      const { password, new_email: email } = c.req.valid('json')
      await changeEmail(c.get('auth'), c.get('claims'), { password, email })
      return c.json({ message: 'Open the link that was mailed to the new address' }, 202)
    },
  )
  .post(
    '/change-email/confirm',
    operation({
      operationId: 'confirmEmailChange',
      summary: 'Make the new address yours, by the token of the link',
      description: `${PROOF} A wrong password is counted as a failed login. Ends the other sessions, API keys and links of the account; with a new password, all of them.`,
      tag,
      bearer: 'optional',
      responses: { 200: { description: 'It is yours', schema: Message } },
      problems: PROVEN,
    }),
    valid('json', ProvenLinkInput),
    async (c) => {
      await confirmEmailChange(c.get('auth'), await openedLink(c, c.req.valid('json')))
      return c.json({ message: 'The email is changed' }, 200)
    },
  )
  .post(
    '/change-email/undo',
    operation({
      operationId: 'undoEmailChange',
      summary: 'Bring the old address back, by the token of the link mailed there',
      description:
        'Takes the password away, ends all sessions and mails a link to choose another password.',
      tag,
      responses: { 200: { description: 'It is back', schema: Message } },
      problems: LINK,
    }),
    valid('json', LinkInput),
    async (c) => {
      const { undoEmailChange } = await import('../../auth/undo-email-change')
      await undoEmailChange(c.get('auth'), c.req.valid('json').token)
      return c.json(
        { message: 'The email is back. Choose a new password by the link that was mailed' },
        200,
      )
    },
  )

async function openedLink(
  c: Context<AppEnv>,
  { token, password, new_password: newPassword }: z.output<typeof ProvenLinkInput>,
): Promise<OpenedLink> {
  return { token, password, newPassword, claims: await optionalClaims(c) }
}
