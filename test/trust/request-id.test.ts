import { expect, test } from 'vitest'
import { createClient } from '../platform/client'
import { signUpPerson } from '../platform/people'
import { row } from '../platform/records'

test('the audit trail has our own request id, and beside it what the client calls the request', async () => {
  const client = createClient()
  const { session, userId } = await signUpPerson(client)
  const rename = (name: string, id: string) =>
    client.patch('/auth/me', {
      token: session.access_token,
      body: { name },
      headers: { 'X-Request-Id': id },
    })
  const recorded = async () => {
    const event = await row(
      `select request_id, personal from audit_events
        where type = 'user_renamed' and subject_id = ? order by seq desc`,
      userId,
    )
    return { id: event['request_id'], ...JSON.parse(String(event['personal'])) }
  }
  const answer = await rename('One', 'the-id-of-an-admins-request')
  expect(await recorded()).toEqual({
    id: answer.headers.get('X-Request-Id'),
    ip: '192.0.2.1',
    user_agent: 'test-agent/1',
    client_request_id: 'the-id-of-an-admins-request',
  })
  await rename('Two', 'not plain')
  expect(await recorded()).not.toHaveProperty('client_request_id')
})
