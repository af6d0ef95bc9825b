import type { Context } from 'hono'
import type { AppEnv } from '../factory'
import { type Refusal, wordingOf } from '../problem'
import type { ProblemCode } from '../problems'
import { answer } from './answer'
import { askAgain } from './ask-again'
import { Layout } from './layout'
import { HOME } from './own-path'
import { LOGIN_CODES } from './submit'

/** Said to a person in other words than to a program. */
const DETAILS: Partial<Record<ProblemCode, string>> = {
  permission_denied: 'Your account does not hold the permission that this page needs.',
  origin_not_allowed: 'This form was not sent from a page of ours. Nothing was done.',
  validation_failed: 'What was sent is not text in UTF-8.',
  unsupported_media_type: 'What was sent is not one of our forms.',
  payload_too_large: 'What was sent is larger than any of our forms.',
  method_not_allowed: 'This address does not take that.',
  configuration_invalid: 'The service is not configured. Its log says what is missing.',
}

/** What a person is told instead of the page; who has to log in first is led there, and back. */
export function refusalPage(c: Context<AppEnv>, refusal: Refusal): Response | Promise<Response> {
  if (LOGIN_CODES.includes(refusal.code)) return toLogin(c, refusal)
  const { status, title, detail, headers = {} } = wordingOf(refusal)
  const page = (
    <Layout c={c} title={title}>
      <div class="card">
        <h1>{title}</h1>
        <p>{DETAILS[refusal.code] ?? detail}</p>
        <p class="quiet">
          Request <code>{c.get('requestId')}</code>
        </p>
        <p>
          <a href={HOME}>Go to your account</a>
        </p>
      </div>
    </Layout>
  )
  return answer(c, page, { status, headers })
}

// A form that was sent cannot be sent again by a link: back to the page where it is.
function toLogin(c: Context<AppEnv>, { code }: Refusal): Response | Promise<Response> {
  const { pathname, search } = new URL(c.req.url)
  const isView = c.req.method === 'GET' || c.req.method === 'HEAD'
  const again = isView && code === 'missing_token' ? askAgain(c) : null
  if (again) return again
  const next = isView ? `${pathname}${search}` : `/${c.req.path.split('/')[1]}`
  return c.redirect(`/login?next=${encodeURIComponent(next)}`, 303)
}
