import { describe, expect, test } from 'vitest'
import { documentedRoutes } from '../../src/http/openapi'
import { ACCOUNT_FLOWS } from '../faults/account-flows'
import { MACHINE_FLOWS } from '../faults/machine-flows'
import { SESSION_FLOWS } from '../faults/session-flows'
import type { State } from '../faults/state'
import { routes } from '../platform/routes'
import {
  losing,
  SESSION_ENDS,
  sessionOfCall,
  storeFunctionsWith,
  titleOf,
  verdictOf,
} from './endings'

// Nobody does anything by a session that has ended, also where it ends while they are asking: they are refused, and every
// table is as it was.

/** The operation by which each function of the store is reached that takes a caller. A new one has to be added. */
const REACHED_BY: Readonly<Record<string, string>> = {
  changePassword: 'changePassword',
  createApiKey: 'createApiKey',
  requestDeletion: 'deleteAccount',
  endSessionOfUser: 'endSession',
  endSessionsOfUser: 'endOtherSessions',
  findApiKeys: 'listApiKeys',
  findChangedCredential: 'changePassword',
  findCaller: 'getAccount',
  findEverythingOf: 'exportAccount',
  findLiveSessions: 'listSessions',
  findOwnCredential: 'changePassword',
  renameOwnAccount: 'changeName',
  repeatPasswordChange: 'changePassword',
  requestEmailChange: 'changeEmail',
  revokeApiKey: 'revokeApiKey',
}

const isForCallers = new Set(
  documentedRoutes(routes)
    .filter(({ operation: { bearer } }) => bearer === 'required' || bearer === 'or_api_key')
    .map(({ operation }) => operation.operationId),
)

const FLOWS = [SESSION_FLOWS, ACCOUNT_FLOWS, MACHINE_FLOWS].flat().filter((flow) => {
  // Verifying asks no database.
  if (flow.operation === 'verifyAccessToken' || flow.answer !== undefined) return false
  return isForCallers.has(flow.operation)
})

test('every function of the store that takes a caller is among what is asked here', () => {
  expect(Object.keys(REACHED_BY).toSorted()).toEqual(storeFunctionsWith('caller: Caller,'))
  const asked = new Set(FLOWS.map(({ operation }) => operation))
  for (const operation of Object.values(REACHED_BY)) expect(asked).toContain(operation)
})

describe.each(FLOWS.map((flow) => [titleOf(flow), flow] as const))('%s', (_title, flow) => {
  test.each(Object.entries(SESSION_ENDS))('%s', async (_name, loss) => {
    const call = await flow.prepare()
    const credential = sessionOfCall(call)
    if (!credential) return
    for await (const { batch, answer, before, after } of losing(
      flow,
      { call, credential },
      { loss },
    )) {
      const about = `before batch ${batch}`
      expect(verdictOf(answer), about).toBe('401 invalid_token')
      expect(withoutUses(after), about).toEqual(withoutUses(before))
    }
  })
})

// The batch before has seen the session in use, which is noted after the answer.
function withoutUses({ tables }: State) {
  const sessions = tables['user_sessions']?.map(({ last_used_at: _, ...session }) => session)
  return { ...tables, user_sessions: sessions }
}
