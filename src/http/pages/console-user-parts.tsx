import type { listUserSessions } from '../../auth/administration/list-user-sessions'
import type { Role } from '../../store/roles'
import type { UserAccount } from '../../store/users'
import type { Markup } from './answer'
import { browserOf } from './browser-of'
import { Form, type FormState } from './form'
import { Time } from './layout'
import { OtherPlaces } from './other-places'

// What the console shows of one user.

export function UserFacts({
  shown,
  mayReadAudit,
}: {
  shown: UserAccount
  mayReadAudit: boolean
}): Markup {
  return (
    <section class="card" aria-labelledby="facts">
      <h2 id="facts">Account</h2>
      <dl>
        <dt>Name</dt>
        <dd>{shown.name ?? '–'}</dd>
        <dt>Status</dt>
        <dd>
          <span class={shown.isActive ? 'tag good' : 'tag bad'}>
            {shown.isActive ? 'active' : 'disabled'}
          </span>
          <span class="tag">
            {shown.emailVerifiedAt === null ? 'email not confirmed' : 'email confirmed'}
          </span>
        </dd>
        <dt>Roles</dt>
        <dd>{shown.roles.join(', ') || '–'}</dd>
        <dt>Created</dt>
        <dd>
          <Time at={shown.createdAt} />
        </dd>
        <dt>Last login</dt>
        <dd>
          <Time at={shown.lastLoginAt} />
        </dd>
        <dt>Id</dt>
        <dd>
          <code>{shown.id}</code>
        </dd>
      </dl>
      {mayReadAudit && (
        <p>
          <a href={`/console/audit?user=${encodeURIComponent(shown.id)}`}>What happened to them</a>
        </p>
      )}
    </section>
  )
}

export interface UserRolesFormProps {
  readonly user: UserAccount
  readonly shown: UserAccount
  readonly roles: readonly Role[]
  readonly state: FormState
  readonly path: string
}

export function UserRolesForm({ user, shown, roles, state, path }: UserRolesFormProps): Markup {
  const action = `${path}/roles`
  const chosen = state.action === action ? state.values.getAll('roles') : shown.roles
  // What is not shown would be taken away.
  const unlisted = shown.roles.filter((held) => !roles.some(({ name }) => name === held))
  const all = [...roles, ...unlisted.map((name) => ({ name, description: '' }))]
  return (
    <section class="card" aria-labelledby="roles">
      <h2 id="roles">Roles</h2>
      <Form action={action} user={user} state={state} button="Save the roles" look="second">
        <fieldset>
          <legend>What they hold</legend>
          {all.map(({ name, description }) => (
            <label class="choice">
              <input type="checkbox" name="roles" value={name} checked={chosen.includes(name)} />
              <span>
                {name} {description && <span class="quiet">{description}</span>}
              </span>
            </label>
          ))}
        </fieldset>
      </Form>
    </section>
  )
}

export function UserSessions({
  sessions,
}: {
  sessions: Awaited<ReturnType<typeof listUserSessions>>
}): Markup {
  return (
    <section class="card" aria-labelledby="sessions">
      <h2 id="sessions">Sessions</h2>
      {sessions.length === 0 ? (
        <p>None.</p>
      ) : (
        <ul class="list">
          {sessions.map(({ userAgent, ip, issuedAt, lastUsedAt, otherNetworks }) => (
            <li>
              <div>
                <strong>{browserOf(userAgent)}</strong>
                <div class="quiet">
                  {ip ?? 'unknown address'}, since <Time at={issuedAt} />, last used{' '}
                  <Time at={lastUsedAt} />
                </div>
                <OtherPlaces networks={otherNetworks} />
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** Each leads to where it is asked whether it is meant. */
export function UserActions({ shown, path }: { shown: UserAccount; path: string }): Markup {
  return (
    <section class="card" aria-labelledby="actions">
      <h2 id="actions">Actions</h2>
      <p class="actions">
        {shown.isActive ? (
          <a class="button second danger" href={`${path}/disable`}>
            Disable the account
          </a>
        ) : (
          <a class="button second" href={`${path}/enable`}>
            Enable the account
          </a>
        )}
        <a class="button second danger" href={`${path}/end-sessions`}>
          End all sessions
        </a>
        <a class="button second danger" href={`${path}/force-password-reset`}>
          Force another password
        </a>
      </p>
    </section>
  )
}
