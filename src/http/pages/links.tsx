import type { Context } from 'hono'
import type { AuthContext } from '../../auth/auth-context'
import { confirmEmailChange } from '../../auth/confirm-email-change'
import { isOwnLink, type OpenedLink } from '../../auth/prove-link'
import { requestLink } from '../../auth/request-link'
import { undoEmailChange } from '../../auth/undo-email-change'
import { verifyEmail } from '../../auth/verify-email'
import type { AppEnv } from '../factory'
import { EmailInput, LinkInput, ProvenLinkInput } from '../wire'
import { answer, type Markup } from './answer'
import { askAgain } from './ask-again'
import { Field, Form, type FormState, UNTOUCHED } from './form'
import { Layout } from './layout'
import { HOME } from './own-path'
import { passwordHint } from './password-hint'
import { submit } from './submit'
import { endVisit, maybeVisitor } from './visit'

// Where mailed links lead. Looking at one does nothing, for programs that read mail look too: a button does.

interface Link {
  readonly action: string
  readonly title: string
  readonly text: string
  readonly button: string
}

/** A link that makes an address an account's, which asks whose the account is. */
interface ProvenLink extends Link {
  readonly purpose: 'verify_email' | 'change_email'
  readonly redeem: (context: AuthContext, opened: OpenedLink) => Promise<void>
  readonly done: string
}

/** What a page asks for besides the link. */
type Asked = 'nothing' | 'password' | 'new_password'

const VERIFY: ProvenLink = {
  action: '/verify-email',
  title: 'Confirm your email',
  text: 'This shows that the address is yours.',
  button: 'Confirm my email',
  purpose: 'verify_email',
  redeem: verifyEmail,
  done: 'email_verified',
}
const CONFIRM: ProvenLink = {
  action: '/confirm-email',
  title: 'Confirm your new email',
  text: 'Your account gets this address, and you are logged out elsewhere. If you did not ask for this, close this page: then nothing happens.',
  button: 'Use this address',
  purpose: 'change_email',
  redeem: confirmEmailChange,
  done: 'email_changed',
}
const UNDO: Link = {
  action: '/undo-email-change',
  title: 'Undo the change of your email',
  text: 'Your account gets back the address that it had. Everybody is logged out, and a link to choose another password is mailed to you.',
  button: 'Bring my email back',
}

export function showConfirmEmail(c: Context<AppEnv>) {
  return showProven(c, CONFIRM)
}

export function showUndo(c: Context<AppEnv>) {
  return answer(c, linkPage(c, UNDO, UNTOUCHED, { token: c.req.query('token') }))
}

export function showVerifyEmail(c: Context<AppEnv>) {
  if (c.req.query('token') !== undefined) return showProven(c, VERIFY)
  return answer(c, resendPage(c, UNTOUCHED))
}

export function submitVerifyEmail(c: Context<AppEnv>): Promise<Response> {
  return submitProven(c, VERIFY)
}

export function submitConfirmEmail(c: Context<AppEnv>): Promise<Response> {
  return submitProven(c, CONFIRM)
}

export function submitUndo(c: Context<AppEnv>): Promise<Response> {
  return submit(c, {
    schema: LinkInput,
    async act({ token }) {
      await undoEmailChange(c.get('auth'), token)
      endVisit(c)
      return c.redirect('/login?done=email_undone', 303)
    },
    page: (state) => linkPage(c, UNDO, state, { token: state.values.get('token') }),
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

// Who is logged in to the account needs its password no more than anywhere else.
async function showProven(c: Context<AppEnv>, link: ProvenLink): Promise<Response> {
  const token = c.req.query('token')
  const claims = await maybeVisitor(c)
  const again = claims ? null : askAgain(c)
  if (again) return again
  const isOwn =
    claims && token ? await isOwnLink(c.get('auth'), token, link.purpose, claims) : false
  const isToChoose = c.req.query('choose') !== undefined
  const asked = isToChoose ? 'new_password' : isOwn ? 'nothing' : 'password'
  return answer(c, linkPage(c, link, UNTOUCHED, { token, asked }))
}

function submitProven(c: Context<AppEnv>, link: ProvenLink): Promise<Response> {
  return submit(c, {
    schema: ProvenLinkInput,
    async act({ token, password, new_password: newPassword }) {
      const claims = await maybeVisitor(c)
      await link.redeem(c.get('auth'), { token, password, newPassword, claims })
      const isBySession = password === undefined && newPassword === undefined
      return c.redirect(`${isBySession ? HOME : '/login'}?done=${link.done}`, 303)
    },
    page: (state) =>
      linkPage(c, link, state, { token: state.values.get('token'), asked: askedBy(state) }),
  })
}

/** What a form that comes back asked for; one without a password that needed it asks for it now. */
function askedBy({ values, errors }: FormState): Asked {
  if (values.has('new_password')) return 'new_password'
  const isNeeded = values.has('password') || errors.some(({ path }) => path === 'password')
  return isNeeded ? 'password' : 'nothing'
}

function linkPage(
  c: Context<AppEnv>,
  link: Link,
  state: FormState,
  { token, asked = 'nothing' }: { token: string | null | undefined; asked?: Asked },
): Markup {
  const { action, title } = link
  return (
    <Layout c={c} title={title} hasErrors={state.errors.length > 0}>
      <div class="card">
        <h1>{title}</h1>
        {token ? (
          <LinkForm c={c} link={link} state={state} token={token} asked={asked} />
        ) : (
          <p>Open the link in the mail once more: this address lacks a part of it.</p>
        )}
      </div>
      <p class="links">
        {token && asked === 'password' && (
          <a href={`${action}?token=${encodeURIComponent(token)}&choose`}>Choose a new password</a>
        )}
        {action === VERIFY.action && <a href="/verify-email">Have another link mailed</a>}
      </p>
    </Layout>
  )
}

function LinkForm({
  c,
  link: { action, text, button },
  state,
  token,
  asked,
}: {
  c: Context<AppEnv>
  link: Link
  state: FormState
  token: string
  asked: Asked
}): Markup {
  const field = { action, state }
  return (
    <>
      <p>{text}</p>
      {asked === 'password' && (
        <p>Enter the password of the account. If you do not know it, choose a new one.</p>
      )}
      {asked === 'new_password' && (
        <p>
          Choose a new password. The old one, and everything that was logged in or set up with it,
          stops working.
        </p>
      )}
      <Form {...field} button={button} hidden={{ token }}>
        {asked === 'password' && (
          <Field {...field} name="password" type="password" autocomplete="current-password" />
        )}
        {asked === 'new_password' && (
          <Field
            {...field}
            name="new_password"
            type="password"
            autocomplete="new-password"
            hint={passwordHint(c)}
          />
        )}
      </Form>
    </>
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
