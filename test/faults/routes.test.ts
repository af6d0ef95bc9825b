import { expect, test } from 'vitest'
import { documentedRoutes } from '../../src/http/openapi'
import { routes as allRoutes } from '../platform/routes'
import { ACCOUNT_FLOWS } from './account-flows'
import { ADMINISTRATION_FLOWS } from './administration-flows'
import { MACHINE_FLOWS } from './machine-flows'
import { SESSION_FLOWS } from './session-flows'

test('every route is put under faults', () => {
  const routes = documentedRoutes(allRoutes).map(({ operation }) => operation.operationId)
  const flows = [SESSION_FLOWS, ACCOUNT_FLOWS, MACHINE_FLOWS, ADMINISTRATION_FLOWS].flat()
  const covered = new Set(flows.map(({ operation }) => operation))
  expect([...covered].toSorted()).toEqual(routes.toSorted())
})
