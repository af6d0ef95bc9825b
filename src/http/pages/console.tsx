import type { Context } from 'hono'
import { listAuditEvents } from '../../auth/administration/list-audit-events'
import { listRoles } from '../../auth/administration/list-roles'
import { AuthError } from '../../auth/errors'
import { getAccount } from '../../auth/get-account'
import type { ListedAuditEvent } from '../../store/audit-lists'
import { AuditEventQuery, NameQuery } from '../administration-wire'
import { presentAuditEvent } from '../audit-wire'
import { cursorOf } from '../cursor'
import type { AppEnv } from '../factory'
import { answer, type Markup } from './answer'
import { browserOf } from './browser-of'
import {
  asAdministrator,
  Choice,
  ConsolePage,
  Filter,
  Next,
  readFilter,
  sectionsOf,
} from './console-frame'
import { Field } from './form'
import { Time } from './layout'
import { asVisitor } from './visit'

const ROLES = '/console/roles'
const AUDIT = '/console/audit'
const NOTHING = { items: [], next: null }

/** Leads to the first section that the user may look at. */
export async function showConsole(c: Context<AppEnv>): Promise<Response> {
  const user = await asVisitor(c, (claims) =>
    getAccount(c.get('auth'), { kind: 'session', claims }),
  )
  const [section] = sectionsOf(user)
  if (!section) throw new AuthError('permission_denied', { user_id: user.id })
  return c.redirect(section[0], 303)
}

export async function showRoles(c: Context<AppEnv>) {
  const { query, asked } = readFilter(c, NameQuery, ['cursor'])
  const [user, page] = await asAdministrator(c, (actor) =>
    listRoles(c.get('auth'), actor('roles:read'), query ?? { limit: 50, after: null }),
  )
  return answer(
    c,
    <ConsolePage c={c} user={user} title="Roles">
      <div class="card">
        <table>
          <thead>
            <tr>
              <th scope="col">Role</th>
              <th scope="col">What for</th>
              <th scope="col">Gives</th>
            </tr>
          </thead>
          <tbody>
            {page.items.map(({ name, description, permissions, isBuiltIn }) => (
              <tr>
                <th scope="row">
                  {name} {isBuiltIn && <span class="tag">built in</span>}
                </th>
                <td>{description}</td>
                <td>
                  {permissions.map((permission) => (
                    <span class="tag">{permission}</span>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Next action={ROLES} asked={asked} cursor={cursorOf(page)} />
    </ConsolePage>,
  )
}

export async function showAudit(c: Context<AppEnv>) {
  const names = ['type', 'outcome', 'user', 'actor', 'from', 'to', 'cursor']
  const { query, state, asked } = readFilter(c, AuditEventQuery, names)
  const [user, page] = await asAdministrator(c, (actor) =>
    query
      ? listAuditEvents(c.get('auth'), actor('audit_events:read'), query)
      : Promise.resolve(NOTHING),
  )
  const field = { action: AUDIT, state, isFilter: true }
  return answer(
    c,
    <ConsolePage c={c} user={user} title="Audit trail" hasErrors={!query}>
      <Filter action={AUDIT}>
        <Field {...field} name="type" />
        <Choice
          name="outcome"
          label="Outcome"
          chosen={asked['outcome']}
          options={['success', 'failure']}
        />
        <Field {...field} name="user" />
        <Field {...field} name="actor" />
        <Field {...field} name="from" type="date" />
        <Field {...field} name="to" type="date" />
      </Filter>
      <EventTable events={page.items} isLinked={user.permissions.includes('users:read')} />
      <Next action={AUDIT} asked={asked} cursor={cursorOf(page)} />
    </ConsolePage>,
    { status: query ? 200 : 400 },
  )
}

function EventTable({
  events,
  isLinked,
}: {
  events: readonly ListedAuditEvent[]
  isLinked: boolean
}): Markup {
  if (events.length === 0) return <p>No events.</p>
  return (
    <div class="card">
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Who</th>
            <th scope="col">To whom</th>
            <th scope="col">From where</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <EventRow event={event} isLinked={isLinked} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function EventRow({ event, isLinked }: { event: ListedAuditEvent; isLinked: boolean }): Markup {
  const { personal, erased, outcome, type } = presentAuditEvent(event)
  const { actorId, subjectId } = event
  return (
    <tr>
      <td>
        <Time at={event.occurredAt} />
      </td>
      <td>
        {type} {outcome === 'failure' && <span class="tag bad">failure</span>}
        {Object.entries(personal?.detail ?? {}).map(([name, value]) => (
          <div class="quiet">{`${name}: ${value}`}</div>
        ))}
      </td>
      <td data-label="Who">
        <Person id={actorId} isLinked={isLinked} />
      </td>
      <td data-label="To whom">
        {subjectId !== null && subjectId === actorId ? (
          'themselves'
        ) : (
          <Person id={subjectId} isLinked={isLinked} />
        )}
      </td>
      <td data-label="From where">
        {erased.includes('actor') ? 'erased' : (personal?.ip ?? '–')}
        {personal?.user_agent && <div class="quiet">{browserOf(personal.user_agent)}</div>}
      </td>
    </tr>
  )
}

function Person({ id, isLinked }: { id: string | null; isLinked: boolean }): Markup {
  if (id === null) return <>–</>
  if (!isLinked) return <code>{id}</code>
  return (
    <a href={`/console/users/${encodeURIComponent(id)}`}>
      <code>{id}</code>
    </a>
  )
}
