import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { signUpHolder } from '../platform/administrators'
import { newKey, withKey } from '../platform/api-keys'
import { createClient } from '../platform/client'
import { lastTokenTo, subjectOf, subjectsTo } from '../platform/mails'
import { logInAgain, refresh, signUpPerson } from '../platform/people'

// Wherever an email is said, it is said whether it is verified.

const DEFAULTS = { EMAIL_VERIFICATION: undefined }
const client = createClient({ vars: DEFAULTS })

async function introspector() {
  const { token } = await signUpHolder('admin')
  const { key } = await newKey(token, ['tokens:introspect'])
  return async (presented: string) => {
    const answer = await client.post('/auth/introspect', {
      headers: { ...withKey(key).headers, 'Content-Type': 'application/x-www-form-urlencoded' },
      rawBody: new URLSearchParams({ token: presented }).toString(),
    })
    return answer.body
  }
}

test('by default a link is mailed, and everything says that the address is not verified yet', async () => {
  const introspect = await introspector()
  const person = await signUpPerson(client)
  const { access_token: token, refresh_token } = person.session
  expect(subjectsTo(person.email)).toEqual([subjectOf('verify_email')])
  const says = { email: person.email, email_verified: false }
  expect(decodeJwt(token)).toMatchObject(says)
  expect((await client.get('/auth/verify', { token })).body).toMatchObject(says)
  expect((await client.get('/auth/me', { token })).body).toMatchObject(says)
  const introspected = { active: true, username: person.email, email_verified: false }
  expect(await introspect(token)).toMatchObject(introspected)
  expect(await introspect(refresh_token)).toMatchObject(introspected)
  const { key } = await newKey(token)
  expect(await introspect(key)).toMatchObject(introspected)
  expect((await client.get('/auth/verify', withKey(key))).body).toMatchObject(says)
})

test('once it is, the next tokens say so, and what asks the database says so at once', async () => {
  const introspect = await introspector()
  const person = await signUpPerson(client)
  const { access_token: token, refresh_token } = person.session
  const body = { token: lastTokenTo(person.email) }
  expect((await client.post('/auth/verify-email', { token, body })).status).toBe(200)
  expect((await client.get('/auth/me', { token })).body).toMatchObject({ email_verified: true })
  expect(await introspect(token)).toMatchObject({ active: true, email_verified: true })
  const refreshed = (await refresh(client, refresh_token)).body as { access_token: string }
  const { access_token } = await logInAgain(client, person)
  for (const next of [refreshed.access_token, access_token]) {
    expect(decodeJwt(next)).toMatchObject({ email: person.email, email_verified: true })
    const { body: claims } = await client.get('/auth/verify', { token: next })
    expect(claims).toMatchObject({ email_verified: true })
  }
  const { key } = await newKey(access_token)
  const { body: claims } = await client.get('/auth/verify', withKey(key))
  expect(claims).toMatchObject({ email: person.email, email_verified: true })
})
