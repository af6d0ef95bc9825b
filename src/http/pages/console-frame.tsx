import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import type * as z from 'zod/mini'
import { getAccount } from '../../auth/get-account'
import type { Actor } from '../../store/actors'
import type { UserAccount } from '../../store/users'
import type { AppEnv } from '../factory'
import type { Markup } from './answer'
import { type FormState, UNTOUCHED } from './form'
import { Layout } from './layout'
import { errorsOf, filledFields } from './submit'
import { asVisitor } from './visit'

const SECTIONS = [
  ['/console/users', 'Users', 'users:read'],
  ['/console/roles', 'Roles', 'roles:read'],
  ['/console/audit', 'Audit trail', 'audit_events:read'],
] as const

/** The sections that a user may look at. */
export function sectionsOf({ permissions }: UserAccount) {
  return SECTIONS.filter(([, , permission]) => permissions.includes(permission))
}

type AsActor = (permission: string) => Actor

/**
 * Does the work for an administrator, whose account is asked for at the same time. Each use-case asks for the permission
 * itself: nothing here decides who may.
 */
export function asAdministrator<Result>(
  c: Context<AppEnv>,
  work: (actor: AsActor, account: Promise<UserAccount>) => Promise<Result>,
): Promise<[UserAccount, Result]> {
  return asVisitor(c, (claims) => {
    const { sub: userId, sid: sessionId, epoch } = claims
    const account = getAccount(c.get('auth'), { kind: 'session', claims })
    const actor: AsActor = (permission) => ({
      userId,
      sessionId,
      epoch,
      requires: { permission },
    })
    return Promise.all([account, work(actor, account)])
  })
}

export interface ConsolePageProps {
  readonly c: Context<AppEnv>
  readonly user: UserAccount
  readonly title: string
  readonly children?: Child
  readonly hasErrors?: boolean
}

export function ConsolePage({ c, user, title, children, hasErrors }: ConsolePageProps): Markup {
  return (
    <Layout c={c} title={title} user={user} isWide hasErrors={hasErrors ?? false}>
      <nav aria-label="Console">
        {sectionsOf(user).map(([path, name]) => (
          <a href={path} aria-current={c.req.path.startsWith(path) ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <h1>{title}</h1>
      {children}
    </Layout>
  )
}

/** What the address asks a list for: the query, or what is wrong with it, as its form shows it. */
export function readFilter<Schema extends z.ZodMiniType>(
  c: Context<AppEnv>,
  schema: Schema,
  names: readonly string[],
): { query: z.output<Schema> | null; state: FormState; asked: Record<string, string> } {
  const filled = filledFields(new URL(c.req.url).searchParams)
  const asked = Object.fromEntries(Object.entries(filled).filter(([name]) => names.includes(name)))
  const parsed = schema.safeParse(
    Object.fromEntries(Object.entries(asked).map(([name, text]) => [name, withTime(text)])),
  )
  const errors = parsed.success ? [] : errorsOf(parsed.error)
  const state = { ...UNTOUCHED, action: c.req.path, values: new URLSearchParams(asked), errors }
  return { query: parsed.success ? parsed.data : null, state, asked }
}

// A day of a date input begins at midnight, UTC as all times here.
const withTime = (text: string) => (/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)

export function Filter({ action, children }: { action: string; children?: Child }): Markup {
  return (
    <search class="card">
      <form method="get" action={action} class="filter" novalidate>
        {children}
        <p class="actions">
          <button type="submit" class="second">
            Show
          </button>
          <a href={action}>Show all</a>
        </p>
      </form>
    </search>
  )
}

export interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly chosen: string | undefined
  readonly options: readonly string[]
}

export function Choice({ name, label, chosen, options }: ChoiceProps): Markup {
  return (
    <div class="field">
      <label for={`choice-${name}`}>{label}</label>
      <select id={`choice-${name}`} name={name}>
        <option value="">any</option>
        {options.map((option) => (
          <option value={option} selected={option === chosen}>
            {option}
          </option>
        ))}
      </select>
    </div>
  )
}

/** The way to the next page of a list, where there is one. */
export function Next({
  action,
  asked,
  cursor,
}: {
  action: string
  asked: Record<string, string>
  cursor: string | null
}): Markup | null {
  if (cursor === null) return null
  return (
    <p>
      <a class="button second" href={`${action}?${new URLSearchParams({ ...asked, cursor })}`}>
        Next page
      </a>
    </p>
  )
}
