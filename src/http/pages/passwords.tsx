import type { Context } from 'hono'
import { forgetPassword } from '../../auth/request-link'
import { resetPassword } from '../../auth/reset-password'
import type { AppEnv } from '../factory'
import { ForgotPasswordInput, ResetPasswordInput } from '../wire'
import { answer, type Markup } from './answer'
import { Challenge, Field, Form, type FormState, UNTOUCHED } from './form'
import { Layout } from './layout'
import { passwordHint } from './password-hint'
import { submit } from './submit'

export function showForgot(c: Context<AppEnv>) {
  return answer(c, forgotPage(c, UNTOUCHED))
}

export function submitForgot(c: Context<AppEnv>): Promise<Response> {
  return submit(c, {
    schema: ForgotPasswordInput,
    async act({ email, turnstile_token: turnstileToken }) {
      await forgetPassword(c.get('auth'), { email, turnstileToken })
      return c.redirect('/login?done=reset_mailed', 303)
    },
    page: (state) => forgotPage(c, state),
  })
}

function forgotPage(c: Context<AppEnv>, state: FormState): Markup {
  const field = { action: '/forgot-password', state }
  return (
    <Layout c={c} title="Forgot your password" hasErrors={state.errors.length > 0}>
      <div class="card">
        <h1>Forgot your password?</h1>
        <p>Give your email, and a link to choose a new one is mailed to you.</p>
        <Form {...field} button="Mail me a link">
          <Field {...field} name="email" type="email" autocomplete="username" />
          <Challenge c={c} state={state} action="forgot_password" />
        </Form>
      </div>
      <p class="links">
        <a href="/login">Back to the login</a>
      </p>
    </Layout>
  )
}

export function showReset(c: Context<AppEnv>) {
  return answer(c, resetPage(c, UNTOUCHED, c.req.query('token')))
}

export function submitReset(c: Context<AppEnv>): Promise<Response> {
  return submit(c, {
    schema: ResetPasswordInput,
    async act({ token, new_password: newPassword }) {
      await resetPassword(c.get('auth'), { token, newPassword })
      return c.redirect('/login?done=password_reset', 303)
    },
    page: (state) => resetPage(c, state, state.values.get('token')),
  })
}

function resetPage(c: Context<AppEnv>, state: FormState, token: string | null | undefined): Markup {
  const field = { action: '/reset-password', state }
  return (
    <Layout c={c} title="Choose a new password" hasErrors={state.errors.length > 0}>
      <div class="card">
        <h1>Choose a new password</h1>
        {token ? (
          <Form {...field} button="Change the password" hidden={{ token }}>
            <Field
              {...field}
              name="new_password"
              type="password"
              autocomplete="new-password"
              hint={`${passwordHint(c)} You are then logged out everywhere.`}
            />
          </Form>
        ) : (
          <p>Open the link in the mail once more: this address lacks a part of it.</p>
        )}
      </div>
      <p class="links">
        <a href="/forgot-password">Have another link mailed</a>
      </p>
    </Layout>
  )
}
