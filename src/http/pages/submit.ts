import type { Context } from 'hono'
import type * as z from 'zod/mini'
import { AuthError, type AuthErrorCode, type FieldError } from '../../auth/errors'
import type { AppEnv } from '../factory'
import { readBody } from '../json-body'
import { ProblemError, wordingOf } from '../problem'
import { ownOrigins } from '../refresh-cookie'
import { refusalOf } from '../refusal'
import { answer, type Markup } from './answer'
import type { FormState } from './form'

const FORM_TYPE = /^application\/x-www-form-urlencoded(?:\s*;|$)/i

/** What only a login can mend. */
export const LOGIN_CODES: readonly string[] = [
  'missing_token',
  'invalid_token',
  'invalid_refresh_token',
  'superseded',
  'insufficient_user_authentication',
]

/** Said to a person in other words than to a program. */
const SENTENCES: Partial<Record<AuthErrorCode, string>> = {
  email_taken: 'is that of an account already: log in, or choose a new password',
  wrong_password: 'is wrong',
  invalid_link:
    'This link is not good any more: it is too old, was used, or a newer one was mailed. Ask for another.',
  email_not_verified:
    'Confirm your email first, by the link that was mailed to you. You can have another sent.',
  challenge_required: 'Too many attempts have failed. Show that you are a person, and try again.',
}

export interface Submission<Schema extends z.ZodMiniType> {
  /** That of the API's own operation. */
  readonly schema: Schema
  readonly act: (input: z.output<Schema>, form: URLSearchParams) => Promise<Response>
  /** The page of the form, to be shown again with what was wrong. */
  readonly page: (state: FormState) => Markup | Promise<Markup>
  readonly inputOf?: (form: URLSearchParams) => unknown
}

/** Does what a form of ours asks, and goes elsewhere; a refusal shows the form again, with the words at the field. */
export async function submit<Schema extends z.ZodMiniType>(
  c: Context<AppEnv>,
  { schema, act, page, inputOf = filledFields }: Submission<Schema>,
): Promise<Response> {
  const form = await readForm(c)
  const parsed = schema.safeParse(inputOf(form))
  try {
    if (!parsed.success)
      throw new AuthError('validation_failed', { errors: errorsOf(parsed.error) })
    return await act(parsed.data, form)
  } catch (error) {
    if (!(error instanceof AuthError) || LOGIN_CODES.includes(error.code)) throw error
    // For the metrics, as if it had come this far.
    c.error = error
    const refusal = refusalOf(error, c)
    const { turnstileSiteKey } = c.get('auth').config
    const isChallenged = error.code === 'challenge_required' || form.has('turnstile_token')
    const hasChallenge = isChallenged && turnstileSiteKey !== null
    const state = { action: c.req.path, values: form, errors: told(error, form), hasChallenge }
    const { status, headers = {} } = wordingOf(refusal)
    return answer(c, await page(state), { status, headers, hasChallenge })
  }
}

/** The fields of a form that one of our own pages has sent. */
export async function readForm(c: Context<AppEnv>): Promise<URLSearchParams> {
  requireOwnPage(c)
  if (!FORM_TYPE.test(c.req.header('Content-Type') ?? '')) {
    throw new ProblemError('unsupported_media_type')
  }
  return new URLSearchParams(utf8Form(await readBody(c)))
}

// Lenient decoders make one character of all bytes that are not UTF-8, and two passwords alike.
function utf8Form(bytes: ArrayBuffer): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    decodeURIComponent(text)
    return text
  } catch {
    throw new ProblemError('validation_failed')
  }
}

/** The fields as an object; one that was left empty is not there. */
export function filledFields(form: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...form].filter(([, value]) => value !== ''))
}

export function errorsOf({ issues }: z.core.$ZodError): readonly FieldError[] {
  return issues.map(({ path, code, message }) => ({
    path: String(path[0] ?? ''),
    message: code === 'invalid_type' ? 'must not be empty' : message,
  }))
}

// Against cross-site request forgery: browsers say truly from where a form comes. A front end's are not ours.
function requireOwnPage(c: Context<AppEnv>): void {
  const origin = c.req.header('Origin')
  const site = c.req.header('Sec-Fetch-Site')
  const isOwn = origin === undefined ? site === 'same-origin' : ownOrigins(c).includes(origin)
  if (!isOwn || (site ?? 'same-origin') !== 'same-origin') {
    throw new ProblemError('origin_not_allowed')
  }
}

function told(error: AuthError, form: URLSearchParams): readonly FieldError[] {
  if (error.errors.length > 0) return error.errors
  const { detail } = wordingOf({ code: error.code })
  return [
    { path: fieldOf(error.code, form), message: SENTENCES[error.code] ?? waiting(error, detail) },
  ]
}

function fieldOf(code: AuthErrorCode, form: URLSearchParams): string {
  if (code === 'email_taken') return 'email'
  if (code !== 'wrong_password') return ''
  return form.has('current_password') ? 'current_password' : 'password'
}

function waiting({ code, retryAfterSeconds: seconds }: AuthError, detail: string): string {
  if (code !== 'too_many_attempts' || seconds === null) return detail
  const wait = seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : `${seconds} seconds`
  return `Too many attempts have failed. Try again in ${wait}, or choose a new password by mail.`
}
