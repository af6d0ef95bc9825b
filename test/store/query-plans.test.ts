import { env } from 'cloudflare:workers'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { createClient, runScheduledJob } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { logInAgain, refresh, signUpPerson } from '../platform/people'
import { rows } from '../platform/records'

/** Every statement that the service prepares, while what it stores stays where it is. */
function recording() {
  const statements = new Set<string>()
  const DB = new Proxy(env.DB, {
    get(target, name) {
      if (name === 'batch') return target.batch.bind(target)
      return (statement: string) => {
        statements.add(statement)
        return target.prepare(statement)
      }
    },
  })
  return { statements, DB }
}

test('no statement reads a whole table', async () => {
  const { statements, DB } = recording()
  const client = createClient({ vars: { DB } })
  const person = await signUpPerson(client)
  const { access_token: token, refresh_token } = person.session
  const other = await logInAgain(client, person)
  await client.post('/auth/login', { body: { ...person, password: 'wrong' } })
  await refresh(client, refresh_token)
  advanceSeconds(61)
  await client.get('/auth/me', { token })
  await client.get('/auth/sessions', { token })
  await client.delete(`/auth/sessions/${decodeJwt(other.access_token)['sid']}`, { token })
  await logInAgain(client, person)
  await client.delete('/auth/sessions', { token })
  await client.post('/auth/logout', { token })
  await runScheduledJob(undefined, { DB })
  expect(statements.size).toBeGreaterThan(25)

  for (const statement of statements) {
    const values = Array.from(statement.matchAll(/\?/g), () => null)
    const plan = await rows(`explain query plan ${statement}`, ...values)
    const scans = plan.map(({ detail }) => String(detail)).filter((detail) => /^SCAN/.test(detail))
    const whole = scans.filter((detail) => !/^SCAN (?:CONSTANT ROW|\(subquery)/.test(detail))
    expect(whole, statement).toEqual([])
  }
})
