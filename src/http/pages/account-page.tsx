import type { Context } from 'hono'
import { getAccount } from '../../auth/get-account'
import { type ListedSession, listSessions } from '../../auth/list-sessions'
import type { UserAccount } from '../../store/users'
import type { AppEnv } from '../factory'
import type { Markup } from './answer'
import { browserOf } from './browser-of'
import { Field, Form, type FormState } from './form'
import { Layout, Time } from './layout'
import { OtherPlaces } from './other-places'
import { passwordHint } from './password-hint'
import { asVisitor } from './visit'

/** Everything about an account and its sessions; at once, so that it takes the time of one round trip. */
export async function accountPage(c: Context<AppEnv>, state: FormState): Promise<Markup> {
  const [user, sessions] = await asVisitor(c, (claims) =>
    Promise.all([
      getAccount(c.get('auth'), { kind: 'session', claims }),
      listSessions(c.get('auth'), claims),
    ]),
  )
  return (
    <Layout c={c} title="Your account" user={user} isWide hasErrors={state.errors.length > 0}>
      <h1>Your account</h1>
      <div class="columns">
        <div>
          <Profile user={user} state={state} />
          <Password c={c} user={user} state={state} />
        </div>
        <div>
          <Sessions user={user} sessions={sessions} state={state} />
          <Email user={user} state={state} />
          <YourData user={user} state={state} />
        </div>
      </div>
    </Layout>
  )
}

function Profile({ user, state }: { user: UserAccount; state: FormState }): Markup {
  const field = { action: '/account/name', state }
  return (
    <section class="card" aria-labelledby="profile">
      <h2 id="profile">Profile</h2>
      <dl>
        <dt>Email</dt>
        <dd>
          {user.email}{' '}
          {user.emailVerifiedAt === null ? (
            <span class="tag">not confirmed</span>
          ) : (
            <span class="tag good">confirmed</span>
          )}
        </dd>
        <dt>Roles</dt>
        <dd>{user.roles.join(', ')}</dd>
        <dt>Since</dt>
        <dd>
          <Time at={user.createdAt} />
        </dd>
      </dl>
      <Form {...field} user={user} button="Save the name" look="second">
        <Field {...field} name="name" autocomplete="name" value={user.name} isOptional />
      </Form>
    </section>
  )
}

interface PasswordProps {
  readonly c: Context<AppEnv>
  readonly user: UserAccount
  readonly state: FormState
}

function Password({ c, user, state }: PasswordProps): Markup {
  const field = { action: '/account/password', state, type: 'password' } as const
  return (
    <section class="card" id="password" aria-labelledby="password-title">
      <h2 id="password-title">Password</h2>
      <Form {...field} user={user} button="Change the password" look="second">
        {/* Tells a password manager whose password it is. */}
        <input
          hidden
          type="text"
          name="username"
          autocomplete="username"
          value={user.email}
          readonly
        />
        <Field {...field} name="current_password" autocomplete="current-password" />
        <Field
          {...field}
          name="new_password"
          autocomplete="new-password"
          hint={`${passwordHint(c)} Your other sessions end.`}
        />
      </Form>
    </section>
  )
}

function Email({ user, state }: { user: UserAccount; state: FormState }): Markup {
  const field = { action: '/account/email', state }
  return (
    <section class="card" aria-labelledby="email">
      <h2 id="email">Email</h2>
      <p class="quiet">
        It stays {user.email} until you open the link that is mailed to the new address.
      </p>
      <Form {...field} user={user} button="Change the email" look="second">
        <Field {...field} name="new_email" type="email" autocomplete="email" />
        <Field {...field} name="password" type="password" autocomplete="current-password" />
      </Form>
    </section>
  )
}

function Sessions({
  user,
  sessions,
  state,
}: {
  user: UserAccount
  sessions: readonly ListedSession[]
  state: FormState
}): Markup {
  return (
    <section class="card" id="sessions" aria-labelledby="sessions-title">
      <h2 id="sessions-title">Sessions</h2>
      <ul class="list">
        {sessions.map(({ id, isCurrent, userAgent, ip, lastUsedAt, otherNetworks }) => (
          <li>
            <div>
              <strong>{browserOf(userAgent)}</strong>{' '}
              {isCurrent && <span class="tag good">this one</span>}
              <div class="quiet">
                {ip ?? 'unknown address'}, last used <Time at={lastUsedAt} />
              </div>
              <OtherPlaces networks={otherNetworks} />
            </div>
            {!isCurrent && (
              <Form
                action={`/account/sessions/${id}`}
                user={user}
                state={state}
                button="End this one"
                look="second"
              />
            )}
          </li>
        ))}
      </ul>
      {sessions.length > 1 && (
        <Form
          action="/account/sessions/others"
          user={user}
          state={state}
          button="End all others"
          look="second danger"
        />
      )}
    </section>
  )
}

function YourData({ user, state }: { user: UserAccount; state: FormState }): Markup {
  const field = { action: '/account/delete', state }
  return (
    <section class="card" id="data" aria-labelledby="data-title">
      <h2 id="data-title">Your data</h2>
      <p>
        <a href="/account/export" download="account.json">
          Download everything that is stored about you
        </a>
      </p>
      <h3>Delete the account</h3>
      <p class="quiet">
        It is gone at once, with all that belongs to it. It cannot be brought back.
      </p>
      <Form {...field} user={user} button="Delete my account" look="danger">
        <Field {...field} name="password" type="password" autocomplete="current-password" />
      </Form>
    </section>
  )
}
