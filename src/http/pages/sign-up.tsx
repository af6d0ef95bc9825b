import type { Context } from 'hono'
import { signUp } from '../../auth/sign-up'
import type { AppEnv } from '../factory'
import { SignUpInput } from '../wire'
import { answer, type Markup } from './answer'
import { Challenge, Field, Form, type FormState, UNTOUCHED } from './form'
import { Layout } from './layout'
import { HOME } from './own-path'
import { passwordHint } from './password-hint'
import { submit } from './submit'
import { beginVisit } from './visit'

const ACTION = '/signup'

export function showSignUp(c: Context<AppEnv>) {
  return answer(c, signUpPage(c, UNTOUCHED, c.req.query('invitation')))
}

export function submitSignUp(c: Context<AppEnv>): Promise<Response> {
  return submit(c, {
    schema: SignUpInput,
    async act({ email, password, name = null, invitation = null, turnstile_token }) {
      const person = { email, password, name, invitation, turnstileToken: turnstile_token }
      const { issued } = await signUp(c.get('auth'), person)
      if (!issued) return c.redirect('/verify-email?mailed', 303)
      await beginVisit(c, issued, email)
      return c.redirect(HOME, 303)
    },
    page: (state) => signUpPage(c, state, state.values.get('invitation')),
  })
}

function signUpPage(
  c: Context<AppEnv>,
  state: FormState,
  invitation: string | null | undefined,
): Markup {
  const { signup, serviceName } = c.get('auth').config
  const isOpen = signup === 'open' || (signup === 'invite' && invitation)
  return (
    <Layout c={c} title="Create an account" hasErrors={state.errors.length > 0}>
      <div class="card">
        <h1>Create an account</h1>
        {isOpen ? (
          <SignUpForm c={c} state={state} invitation={invitation} />
        ) : signup === 'invite' ? (
          <p>{serviceName} is for who is invited: open the link in the mail that invites you.</p>
        ) : (
          <p>Nobody can sign up here: accounts are made by the administrators of {serviceName}.</p>
        )}
      </div>
      <p class="links">
        <a href="/login">Log in instead</a>
      </p>
    </Layout>
  )
}

function SignUpForm({
  c,
  state,
  invitation,
}: {
  c: Context<AppEnv>
  state: FormState
  invitation: string | null | undefined
}): Markup {
  const field = { action: ACTION, state }
  return (
    <>
      {invitation && <p>Give the address that the invitation was mailed to.</p>}
      <Form {...field} button="Create the account" hidden={invitation ? { invitation } : {}}>
        <Field {...field} name="email" type="email" autocomplete="username" />
        <Field {...field} name="name" autocomplete="name" isOptional />
        <Field
          {...field}
          name="password"
          type="password"
          autocomplete="new-password"
          hint={passwordHint(c)}
        />
        <Challenge c={c} state={state} action="sign_up" />
      </Form>
    </>
  )
}
