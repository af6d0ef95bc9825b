import type { Context } from 'hono'
import { logIn } from '../../auth/log-in'
import type { AppEnv } from '../factory'
import { LogInInput } from '../wire'
import { answer, type Markup } from './answer'
import { Challenge, Field, Form, type FormState, UNTOUCHED } from './form'
import { Layout } from './layout'
import { HOME, ownPath } from './own-path'
import { readForm, submit } from './submit'
import { beginVisit, endPresentedSession, endVisit } from './visit'

const ACTION = '/login'

export function showLogIn(c: Context<AppEnv>) {
  return answer(c, logInPage(c, UNTOUCHED, c.req.query('next')))
}

export function submitLogIn(c: Context<AppEnv>): Promise<Response> {
  return submit(c, {
    schema: LogInInput,
    async act({ email, password, turnstile_token: turnstileToken }, form) {
      const issued = await logIn(c.get('auth'), { email, password, turnstileToken })
      await beginVisit(c, issued, email)
      return c.redirect(ownPath(form.get('next'), new URL(c.req.url).origin), 303)
    },
    page: (state) => logInPage(c, state, state.values.get('next')),
  })
}

function logInPage(c: Context<AppEnv>, state: FormState, next: string | null | undefined): Markup {
  const { signup, emailVerification } = c.get('auth').config
  const path = ownPath(next, new URL(c.req.url).origin)
  const field = { action: ACTION, state }
  return (
    <Layout c={c} title="Log in" hasErrors={state.errors.length > 0}>
      <div class="card">
        <h1>Log in</h1>
        <Form {...field} button="Log in" hidden={path === HOME ? {} : { next: path }}>
          <Field {...field} name="email" type="email" autocomplete="username" />
          <Field {...field} name="password" type="password" autocomplete="current-password" />
          <Challenge c={c} state={state} action="log_in" />
        </Form>
      </div>
      <p class="links">
        <a href="/forgot-password">Forgot your password?</a>
        {signup !== 'closed' && <a href="/signup">Create an account</a>}
        {emailVerification !== 'off' && <a href="/verify-email">Confirm your email</a>}
      </p>
    </Layout>
  )
}

export function showLogOut(c: Context<AppEnv>) {
  const page = (
    <Layout c={c} title="Log out">
      <div class="card">
        <h1>Log out?</h1>
        <p>Your session on this device ends. Others go on.</p>
        <Form action="/logout" state={UNTOUCHED} button="Log out" />
      </div>
    </Layout>
  )
  return answer(c, page)
}

/** Forgets the cookies also where there is nothing left to end. */
export async function submitLogOut(c: Context<AppEnv>): Promise<Response> {
  await readForm(c)
  await endPresentedSession(c)
  endVisit(c)
  return c.redirect('/login?done=logged_out', 303)
}
