import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import type { FieldError } from '../../auth/errors'
import { type ChallengeAction, widgetActionOf } from '../../auth/turnstile'
import type { UserAccount } from '../../store/users'
import type { AppEnv } from '../factory'
import type { Markup } from './answer'

/** A form as somebody has sent it, where it has to be shown again. */
export interface FormState {
  /** Its action, which tells it from the others of the page. */
  readonly action: string
  readonly values: URLSearchParams
  /** Each names its field; the empty path is the form as a whole. */
  readonly errors: readonly FieldError[]
  readonly hasChallenge: boolean
}

export const UNTOUCHED: FormState = {
  action: '',
  values: new URLSearchParams(),
  errors: [],
  hasChallenge: false,
}

/** The field that names who the page of a form was shown to. */
export const SHOWN_TO = 'shown_to'

const LABELS: Readonly<Record<string, string>> = {
  email: 'Email',
  password: 'Password',
  name: 'Name',
  current_password: 'Current password',
  new_password: 'New password',
  new_email: 'New email',
  expires_at: 'End',
  permissions: 'Permissions',
  roles: 'Roles',
  role: 'Role',
  user: 'User id',
  actor: 'Actor id',
  type: 'Type',
  from: 'From',
  to: 'Before',
}

const labelOf = (name: string) => LABELS[name] ?? name

// Two forms of a page may have a field of the same name.
const fieldId = (action: string, name: string) =>
  `${action.replace(/\W+/g, '-').replace(/^-/, '')}-${name}`

const sentenceOf = ({ path, message }: FieldError) =>
  path === '' ? message : `${labelOf(path)} ${message}.`

export interface FormProps {
  readonly action: string
  readonly state: FormState
  readonly children?: Child
  readonly button: string
  readonly look?: string
  /** Sent along unseen. */
  readonly hidden?: Readonly<Record<string, string>>
  /** Who looks at it, and in whose name alone it may be sent. */
  readonly user?: UserAccount
}

/** A form with its errors on top, each leading to its field. */
export function Form(props: FormProps): Markup {
  const { action, state, children, button, look, user } = props
  const hidden = { ...props.hidden, ...(user && { [SHOWN_TO]: user.id }) }
  const errors = state.action === action ? state.errors : []
  return (
    <form method="post" action={action} novalidate>
      {errors.length > 0 && <ErrorSummary action={action} errors={errors} />}
      {Object.entries(hidden).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {children}
      <button type="submit" class={look}>
        {button}
      </button>
    </form>
  )
}

function ErrorSummary({
  action,
  errors,
}: {
  action: string
  errors: readonly FieldError[]
}): Markup {
  return (
    <div class="summary" role="alert">
      <h2>That did not work</h2>
      <ul>
        {errors.map((error) => (
          <li>
            {error.path === '' ? (
              error.message
            ) : (
              <a href={`#${fieldId(action, error.path)}`}>{sentenceOf(error)}</a>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}

export interface FieldProps {
  readonly action: string
  readonly state: FormState
  readonly name: string
  readonly type?: 'text' | 'email' | 'password' | 'date'
  readonly autocomplete?: string
  readonly label?: string
  readonly hint?: string
  readonly isOptional?: boolean
  /** Of a list, where nothing is asked for unless it is filled in. */
  readonly isFilter?: boolean
  /** What stands in it before anybody has typed. */
  readonly value?: string | null
}

/** A labelled input. A wrong one says so, and the first wrong one has the focus; a password is typed again. */
export function Field(props: FieldProps): Markup {
  const { action, state, name, type = 'text', hint, isOptional = false, isFilter = false } = props
  const isThis = state.action === action
  const errors = isThis ? state.errors.filter(({ path }) => path === name) : []
  const isFirst = isThis && state.errors.find(({ path }) => path !== '')?.path === name
  const id = fieldId(action, name)
  const described = [hint && `${id}-hint`, errors.length > 0 && `${id}-error`].filter(Boolean)
  const typed = isThis ? state.values.get(name) : props.value
  return (
    <div class="field">
      <label for={id}>
        {props.label ?? labelOf(name)}
        {isOptional && <span class="quiet"> (optional)</span>}
      </label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {errors.length > 0 && (
        <p class="error" id={`${id}-error`}>
          {errors.map(sentenceOf).join(' ')}
        </p>
      )}
      <input
        id={id}
        name={name}
        type={type}
        autocomplete={props.autocomplete ?? 'off'}
        value={type === 'password' ? undefined : (typed ?? undefined)}
        required={!isOptional && !isFilter}
        autofocus={isFirst}
        aria-invalid={errors.length > 0 ? 'true' : undefined}
        aria-describedby={described.length > 0 ? described.join(' ') : undefined}
        {...(type === 'text' ? {} : { autocapitalize: 'none' })}
      />
    </div>
  )
}

interface ChallengeProps {
  readonly c: Context<AppEnv>
  readonly state: FormState
  readonly action: ChallengeAction
}

/** What Turnstile turns into its widget, where the form was asked for a challenge. */
export function Challenge({ c, state, action }: ChallengeProps): Markup | null {
  const siteKey = c.get('auth').config.turnstileSiteKey
  if (!state.hasChallenge || siteKey === null) return null
  return (
    <>
      <script src="https://challenges.cloudflare.com/turnstile/v0/api.js" async defer></script>
      <div
        class="challenge cf-turnstile"
        data-sitekey={siteKey}
        data-action={widgetActionOf(action)}
        data-response-field-name="turnstile_token"
      ></div>
      <noscript>
        <p class="error">This step alone needs JavaScript: turn it on and load the page again.</p>
      </noscript>
    </>
  )
}
