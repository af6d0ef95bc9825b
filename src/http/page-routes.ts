import type { Context } from 'hono'
import { type AppEnv, factory } from './factory'

// The hosted pages: thin forms before the same use-cases as the API. Each is loaded when it is first asked for, so
// that a start costs nothing of them.

type Page = (c: Context<AppEnv>) => Response | Promise<Response>

/** The pages of a module, by name; it exports nothing else. */
function lazy<Name extends string>(load: () => Promise<{ readonly [Each in Name]: Page }>) {
  return (name: Name): Page =>
    async (c) =>
      (await load())[name](c)
}

const signUp = lazy(() => import('./pages/sign-up'))
const logIn = lazy(() => import('./pages/log-in'))
const passwords = lazy(() => import('./pages/passwords'))
const links = lazy(() => import('./pages/links'))
const account = lazy(() => import('./pages/account'))
const apiKeys = lazy(() => import('./pages/api-keys'))
const consolePages = lazy(() => import('./pages/console'))
const consoleUsers = lazy(() => import('./pages/console-users'))
const consoleUser = lazy(() => import('./pages/console-user'))
const stylesheet = lazy(() => import('./pages/stylesheet'))

// A name beside a parameter (`/sessions/others`, `/sessions/:id`) is for the handler to tell apart: Hono's fast router does not.
export const pages = factory
  .createApp()
  .get('/pages.css', stylesheet('stylesheet'))
  .get('/signup', signUp('showSignUp'))
  .post('/signup', signUp('submitSignUp'))
  .get('/login', logIn('showLogIn'))
  .post('/login', logIn('submitLogIn'))
  .get('/logout', logIn('showLogOut'))
  .post('/logout', logIn('submitLogOut'))
  .get('/forgot-password', passwords('showForgot'))
  .post('/forgot-password', passwords('submitForgot'))
  .get('/reset-password', passwords('showReset'))
  .post('/reset-password', passwords('submitReset'))
  .get('/verify-email', links('showVerifyEmail'))
  .post('/verify-email', links('submitVerifyEmail'))
  .post('/verify-email/resend', links('submitResend'))
  .get('/confirm-email', links('showConfirmEmail'))
  .post('/confirm-email', links('submitConfirmEmail'))
  .get('/undo-email-change', links('showUndo'))
  .post('/undo-email-change', links('submitUndo'))
  .get('/account', account('showAccount'))
  .get('/account/export', account('downloadExport'))
  .post('/account/name', account('submitName'))
  .post('/account/password', account('submitPassword'))
  .post('/account/email', account('submitEmail'))
  .post('/account/delete', account('submitDelete'))
  .get('/account/api-keys', apiKeys('showApiKeys'))
  .post('/account/api-keys', apiKeys('submitApiKey'))
  .post('/account/api-keys/:id', apiKeys('submitRevocation'))
  .post('/account/sessions/:id', account('submitEndSessions'))
  .get('/console', consolePages('showConsole'))
  .get('/console/roles', consolePages('showRoles'))
  .get('/console/audit', consolePages('showAudit'))
  .get('/console/users', consoleUsers('showUsers'))
  .get('/console/users/:id', consoleUser('showUser'))
  .get('/console/users/:id/:action', consoleUser('showAction'))
  .post('/console/users/:id/:action', consoleUser('submitAction'))

const FIRST_SEGMENTS = new Set(pages.routes.map(({ path }) => path.split('/')[1]))

/** Whether what is at this address is for people. */
export function isPagePath(path: string): boolean {
  return FIRST_SEGMENTS.has(path.split('/')[1])
}

pages.get('/.well-known/change-password', (c) => c.redirect('/account#password', 303))
