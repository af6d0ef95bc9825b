import type { Context } from 'hono'
import * as z from 'zod/mini'
import { enableUser } from '../../auth/administration/enable-user'
import { getUser } from '../../auth/administration/get-user'
import { listRoles } from '../../auth/administration/list-roles'
import { listUserSessions } from '../../auth/administration/list-user-sessions'
import { lockOutUser } from '../../auth/administration/lock-out-user'
import { setUserRoles } from '../../auth/administration/set-user-roles'
import type { Actor } from '../../store/actors'
import { UserRoles } from '../administration-wire'
import type { AppEnv } from '../factory'
import { ProblemError } from '../problem'
import { answer, type Markup } from './answer'
import { asAdministrator, ConsolePage } from './console-frame'
import { UserActions, UserFacts, UserRolesForm, UserSessions } from './console-user-parts'
import { Form, type FormState, UNTOUCHED } from './form'
import { submit } from './submit'
import { asSender } from './visit'

/** What an administrator does to an account, at an address of its own, where they are asked whether they mean it. */
const ACTIONS = {
  disable: {
    title: 'Disable the account',
    text: 'They are logged out everywhere and cannot log in until the account is enabled again.',
    reason: 'user_disabled',
    done: 'user_disabled',
  },
  enable: {
    title: 'Enable the account',
    text: 'They can log in again.',
    reason: null,
    done: 'user_enabled',
  },
  'end-sessions': {
    title: 'End all sessions',
    text: 'They are logged out everywhere, their API keys end, and they can log in again.',
    reason: 'ended_by_administrator',
    done: 'user_sessions_ended',
  },
  'force-password-reset': {
    title: 'Force another password',
    text: 'Their password is taken away, they are logged out everywhere, and a link to choose another is mailed to them.',
    reason: 'password_reset',
    done: 'password_reset_forced',
  },
} as const

type Action = (typeof ACTIONS)[keyof typeof ACTIONS]

const idOf = (c: Context<AppEnv>) => c.req.param('id') ?? ''
const pathOf = (c: Context<AppEnv>) => `/console/users/${encodeURIComponent(idOf(c))}`

export async function showUser(c: Context<AppEnv>) {
  return answer(c, await userPage(c, UNTOUCHED))
}

function submitRoles(c: Context<AppEnv>): Promise<Response> {
  return submit(c, {
    schema: UserRoles,
    inputOf: (form) => ({ roles: form.getAll('roles') }),
    async act({ roles: names }, form) {
      await asWriter(c, form, (actor) =>
        setUserRoles(c.get('auth'), actor, { userId: idOf(c), names }),
      )
      return c.redirect(`${pathOf(c)}?done=roles_changed`, 303)
    },
    page: (state) => userPage(c, state),
  })
}

async function userPage(c: Context<AppEnv>, state: FormState): Promise<Markup> {
  const auth = c.get('auth')
  const [user, [shown, sessions, roles]] = await asAdministrator(c, (actor, account) =>
    Promise.all([
      getUser(auth, actor('users:read'), idOf(c)),
      listUserSessions(auth, actor('users:read'), idOf(c)),
      // Asked for in vain it would be a refusal in the audit trail.
      account.then(({ permissions }) =>
        permissions.includes('roles:read')
          ? listRoles(auth, actor('roles:read'), { limit: 100, after: null })
          : null,
      ),
    ]),
  )
  const mayWrite = user.permissions.includes('users:write')
  return (
    <ConsolePage c={c} user={user} title={shown.email} hasErrors={state.errors.length > 0}>
      <div class="columns">
        <div>
          <UserFacts shown={shown} mayReadAudit={user.permissions.includes('audit_events:read')} />
          {mayWrite && roles && (
            <UserRolesForm
              user={user}
              shown={shown}
              roles={roles.items}
              state={state}
              path={pathOf(c)}
            />
          )}
        </div>
        <div>
          <UserSessions sessions={sessions} />
          {mayWrite && <UserActions shown={shown} path={pathOf(c)} />}
        </div>
      </div>
    </ConsolePage>
  )
}

export async function showAction(c: Context<AppEnv>) {
  return answer(c, await actionPage(c, requireAction(c), UNTOUCHED))
}

export function submitAction(c: Context<AppEnv>): Promise<Response> {
  if (c.req.param('action') === 'roles') return submitRoles(c)
  const action = requireAction(c)
  const { reason, done } = action
  return submit(c, {
    schema: z.object({}),
    async act(_input, form) {
      const userId = idOf(c)
      await asWriter(c, form, (actor) =>
        reason === null
          ? enableUser(c.get('auth'), actor, userId)
          : lockOutUser(c.get('auth'), actor, { userId, reason }),
      )
      return c.redirect(`${pathOf(c)}?done=${done}`, 303)
    },
    page: (state) => actionPage(c, action, state),
  })
}

async function actionPage(c: Context<AppEnv>, action: Action, state: FormState): Promise<Markup> {
  const [user, shown] = await asAdministrator(c, (actor) =>
    getUser(c.get('auth'), actor('users:read'), idOf(c)),
  )
  const { title, text } = action
  return (
    <ConsolePage c={c} user={user} title={title} hasErrors={state.errors.length > 0}>
      <div class="card">
        <p>
          <strong>{shown.email}</strong>
        </p>
        <p>{text}</p>
        <Form action={c.req.path} user={user} state={state} button={title} look="danger" />
      </div>
      <p>
        <a href={pathOf(c)}>Leave it as it is</a>
      </p>
    </ConsolePage>
  )
}

function requireAction(c: Context<AppEnv>): Action {
  const name = c.req.param('action') ?? ''
  const action = Object.entries(ACTIONS).find(([known]) => known === name)?.[1]
  if (!action) throw new ProblemError('not_found')
  return action
}

function asWriter<Result>(
  c: Context<AppEnv>,
  form: URLSearchParams,
  act: (actor: Actor) => Promise<Result>,
) {
  return asSender(c, form, ({ sub: userId, sid: sessionId, epoch }) =>
    act({ userId, sessionId, epoch, requires: { permission: 'users:write' } }),
  )
}
