import type { Context } from 'hono'
import { confirmEmailChange } from '../../auth/confirm-email-change'
import { requestLink } from '../../auth/request-link'
import { undoEmailChange } from '../../auth/undo-email-change'
import { verifyEmail } from '../../auth/verify-email'
import type { AccessTokenClaims } from '../../crypto/access-token'
import type { AppEnv } from '../factory'
import { EmailInput, LinkInput } from '../wire'
import { answer, type Markup } from './answer'
import { Field, Form, type FormState, UNTOUCHED } from './form'
import { Layout } from './layout'
import { HOME } from './own-path'
import { submit } from './submit'
import { endVisit, visitorClaims } from './visit'

// Where mailed links lead. Looking at one does nothing, for programs that read mail look too: a button does.

interface Link {
  readonly action: string
  readonly title: string
  readonly text: string
  readonly button: string
}

const VERIFY: Link = {
  action: '/verify-email',
  title: 'Confirm your email',
  text: 'This shows that the address is yours.',
  button: 'Confirm my email',
}
const CONFIRM: Link = {
  action: '/confirm-email',
  title: 'Confirm your new email',
  text: 'Your account gets this address, and you are logged out elsewhere.',
  button: 'Use this address',
}
const UNDO: Link = {
  action: '/undo-email-change',
  title: 'Undo the change of your email',
  text: 'Your account gets back the address that it had. Everybody is logged out, and a link to choose another password is mailed to you.',
  button: 'Bring my email back',
}

export function showConfirmEmail(c: Context<AppEnv>) {
  return showLink(c, CONFIRM)
}

export function showUndo(c: Context<AppEnv>) {
  return showLink(c, UNDO)
}

export function showVerifyEmail(c: Context<AppEnv>) {
  if (c.req.query('token') !== undefined) return showLink(c, VERIFY)
  return answer(c, resendPage(c, UNTOUCHED))
}

export function submitVerifyEmail(c: Context<AppEnv>): Promise<Response> {
  return submitLink(c, VERIFY, async (token, claims) => {
    await verifyEmail(c.get('auth'), token, claims)
    return `${claims ? HOME : '/login'}?done=email_verified`
  })
}

export function submitConfirmEmail(c: Context<AppEnv>): Promise<Response> {
  return submitLink(c, CONFIRM, async (token, claims) => {
    await confirmEmailChange(c.get('auth'), token, claims)
    return `${claims ? HOME : '/login'}?done=email_changed`
  })
}

export function submitUndo(c: Context<AppEnv>): Promise<Response> {
  return submitLink(c, UNDO, async (token) => {
    await undoEmailChange(c.get('auth'), token)
    endVisit(c)
    return '/login?done=email_undone'
  })
}

export function submitResend(c: Context<AppEnv>): Promise<Response> {
  return submit(c, {
    schema: EmailInput,
    async act({ email }) {
      await requestLink(c.get('auth'), 'verify_email', email)
      return c.redirect('/login?done=verification_mailed', 303)
    },
    page: (state) => resendPage(c, state),
  })
}

function showLink(c: Context<AppEnv>, link: Link) {
  return answer(c, linkPage(c, link, UNTOUCHED, c.req.query('token')))
}

function submitLink(
  c: Context<AppEnv>,
  link: Link,
  redeem: (token: string, claims: AccessTokenClaims | null) => Promise<string>,
): Promise<Response> {
  return submit(c, {
    schema: LinkInput,
    act: async ({ token }) => c.redirect(await redeem(token, await visitorClaims(c)), 303),
    page: (state) => linkPage(c, link, state, state.values.get('token')),
  })
}

function linkPage(
  c: Context<AppEnv>,
  { action, title, text, button }: Link,
  state: FormState,
  token: string | null | undefined,
): Markup {
  return (
    <Layout c={c} title={title} hasErrors={state.errors.length > 0}>
      <div class="card">
        <h1>{title}</h1>
        {token ? (
          <>
            <p>{text}</p>
            <Form action={action} state={state} button={button} hidden={{ token }} />
          </>
        ) : (
          <p>Open the link in the mail once more: this address lacks a part of it.</p>
        )}
      </div>
      {action === VERIFY.action && (
        <p class="links">
          <a href="/verify-email">Have another link mailed</a>
        </p>
      )}
    </Layout>
  )
}

function resendPage(c: Context<AppEnv>, state: FormState): Markup {
  const field = { action: '/verify-email/resend', state }
  const isMailed = c.req.query('mailed') !== undefined
  const title = isMailed ? 'Look into your mail' : 'Confirm your email'
  return (
    <Layout c={c} title={title} hasErrors={state.errors.length > 0}>
      <div class="card">
        <h1>{title}</h1>
        {isMailed ? (
          <p>
            Your account is made. Open the link that was just mailed to you, then log in. Should it
            not come within some minutes, have another sent.
          </p>
        ) : (
          <p>Give your email, and a link by which you confirm it is mailed to you.</p>
        )}
        <Form {...field} button="Mail me a link" look={isMailed ? 'second' : ''}>
          <Field {...field} name="email" type="email" autocomplete="username" />
        </Form>
      </div>
      <p class="links">
        <a href="/login">Log in</a>
      </p>
    </Layout>
  )
}
