import { describe, expect, test } from 'vitest'
import { ADMINISTRATION_FLOWS } from '../faults/administration-flows'
import type { Flow } from '../faults/flow'
import { MACHINE_FLOWS } from '../faults/machine-flows'
import type { State } from '../faults/state'
import { rows } from '../platform/records'
import {
  keyOfCall,
  type Loss,
  losing,
  SESSION_ENDS,
  sessionOfCall,
  storeFunctionsWith,
  titleOf,
  verdictOf,
} from './endings'

// Nobody acts upon others without the right to, also where they lose it while they are asking: their session or key has
// ended, or the permission is gone.

/** The operation by which each function of the store is reached that takes an actor. A new one has to be added. */
const REACHED_BY: Readonly<Record<string, string>> = {
  changeRole: 'changeRole',
  changeUser: 'renameUser',
  createPermission: 'createPermission',
  createRole: 'createRole',
  createUser: 'createUser',
  deletePermission: 'deletePermission',
  deleteRole: 'deleteRole',
  endSessionByActor: 'revokeToken',
  findActor: 'introspectToken',
  findAuditEvents: 'listAuditEvents',
  findKeyState: 'introspectToken',
  findPermissions: 'listPermissions',
  findRoles: 'listRoles',
  findSessionState: 'introspectToken',
  findSessionsOfUser: 'listUserSessions',
  findUser: 'getUser',
  findUsers: 'listUsers',
  invite: 'inviteUser',
  lockOutUser: 'disableUser',
  revokeApiKeyByActor: 'revokeToken',
  setRolePermissions: 'setRolePermissions',
  setUserRoles: 'setUserRoles',
}

const KEY_ENDS: Readonly<Record<string, Loss>> = {
  'the key is revoked': ({ id }) =>
    rows('update api_keys set revoked_at = ? where id = ?', Date.now(), id),
  'the key reaches its end': ({ id }) =>
    rows('update api_keys set expires_at = ? where id = ?', Date.now(), id),
  'the user is disabled': ({ userId }) =>
    rows('update users set is_active = 0 where id = ?', userId),
}

const PERMISSION_LOST: Loss = ({ userId }) =>
  rows('delete from user_roles where user_id = ?', userId)
const KEY_PERMISSION_LOST: Loss = ({ id }) =>
  rows(`update api_keys set permissions = '[]' where id = ?`, id)

const FLOWS = [...ADMINISTRATION_FLOWS, ...MACHINE_FLOWS].filter(
  ({ operation, answer }) =>
    answer === undefined && !/ApiKey|getAccount|verify|getKeySet|getIssuer/.test(operation),
)

test('every function of the store that takes an actor is among what is asked here', () => {
  expect(Object.keys(REACHED_BY).toSorted()).toEqual(storeFunctionsWith('actor: Actor'))
  const asked = new Set(FLOWS.map(({ operation }) => operation))
  for (const operation of Object.values(REACHED_BY)) expect(asked).toContain(operation)
})

const named = FLOWS.map((flow) => [titleOf(flow), flow] as const)

describe.each(named)('%s', (_title, flow) => {
  test.each(Object.entries(SESSION_ENDS))('%s', async (_name, loss) => {
    await expectRefused(flow, loss, '401 invalid_token')
  })

  test.each(Object.entries(KEY_ENDS))('%s', async (_name, loss) => {
    await expectRefused(flow, loss, '401 invalid_api_key')
  })

  test.each([
    ['the permission is lost', PERMISSION_LOST],
    ['the key loses it', KEY_PERMISSION_LOST],
  ])('%s', async (_name, loss) => {
    await expectRefused(flow, loss, '403 permission_denied')
  })
})

async function expectRefused(flow: Flow, loss: Loss, refused: string): Promise<void> {
  const call = await flow.prepare()
  const isOfKeys = Object.values(KEY_ENDS).includes(loss) || loss === KEY_PERMISSION_LOST
  const [session, key] = [sessionOfCall(call), await keyOfCall(call)]
  const credential = loss === PERMISSION_LOST ? (session ?? key) : isOfKeys ? key : session
  if (!credential) return
  // What a key may do is not read before the act.
  const first = key && refused === '403 permission_denied' ? 1 : 0
  const lost = losing(flow, { call, credential }, { loss, first })
  for await (const { batch, answer, before, after } of lost) {
    const about = `before batch ${batch}`
    expect(verdictOf(answer), about).toBe(refused)
    expect(withoutRefusals(after), about).toEqual(withoutRefusals(before))
  }
}

/** A refusal is counted, and recorded. */
function withoutRefusals({ tables }: State) {
  const events = tables['audit_events'] ?? []
  return {
    ...tables,
    audit_events: events.filter(({ type }) => type !== 'permission_denied'),
    login_attempts: [],
    // Whoever may not ask is there all the same: a key's use is noted.
    api_keys: tables['api_keys']?.map(({ last_used_at: _, ...key }) => key),
  }
}
