import type { Context } from 'hono'
import { listUsers } from '../../auth/administration/list-users'
import type { UserAccount } from '../../store/users'
import { UserQuery } from '../administration-wire'
import { cursorOf } from '../cursor'
import type { AppEnv } from '../factory'
import { answer, type Markup } from './answer'
import { asAdministrator, Choice, ConsolePage, Filter, Next, readFilter } from './console-frame'
import { Field } from './form'
import { Time } from './layout'

const USERS = '/console/users'
const NOTHING = { items: [], next: null }

export async function showUsers(c: Context<AppEnv>) {
  const names = ['email', 'role', 'status', 'cursor']
  const { query, state, asked } = readFilter(c, UserQuery, names)
  const [user, page] = await asAdministrator(c, (actor) =>
    query ? listUsers(c.get('auth'), actor('users:read'), query) : Promise.resolve(NOTHING),
  )
  const field = { action: USERS, state, isFilter: true }
  return answer(
    c,
    <ConsolePage c={c} user={user} title="Users" hasErrors={!query}>
      <Filter action={USERS}>
        <Field {...field} name="email" label="Email begins with" />
        <Field {...field} name="role" />
        <Choice
          name="status"
          label="Status"
          chosen={asked['status']}
          options={['active', 'disabled']}
        />
      </Filter>
      {page.items.length === 0 ? <p>No users.</p> : <UserTable users={page.items} />}
      <Next action={USERS} asked={asked} cursor={cursorOf(page)} />
    </ConsolePage>,
    { status: query ? 200 : 400 },
  )
}

function UserTable({ users }: { users: readonly UserAccount[] }): Markup {
  return (
    <div class="card">
      <table>
        <thead>
          <tr>
            <th scope="col">Email</th>
            <th scope="col">Name</th>
            <th scope="col">Roles</th>
            <th scope="col">Created</th>
            <th scope="col">Last login</th>
          </tr>
        </thead>
        <tbody>
          {users.map(({ id, email, name, isActive, roles, createdAt, lastLoginAt }) => (
            <tr>
              <th scope="row">
                <a href={`${USERS}/${id}`}>{email}</a>{' '}
                {!isActive && <span class="tag bad">disabled</span>}
              </th>
              <td>{name}</td>
              <td>{roles.join(', ')}</td>
              <td data-label="Created">
                <Time at={createdAt} />
              </td>
              <td data-label="Last login">
                <Time at={lastLoginAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
