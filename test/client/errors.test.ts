import { describe, expect, test } from 'vitest'
import { AuthClientError } from '../../src/client/create-auth-client'
import { createClient } from '../platform/client'
import { answerWith, createNetwork } from '../platform/network'
import { newEmail, PASSWORD } from '../platform/people'
import { createBrowser, signUpIn } from '../platform/tabs'

async function errorOf(done: Promise<unknown>): Promise<AuthClientError> {
  const error = await done.catch((caught: unknown) => caught)
  if (error instanceof AuthClientError) return error
  throw new Error(`no AuthClientError: ${error}`)
}

describe('an error tells', () => {
  test('the code, the status and the request', async () => {
    const tab = createBrowser().openTab()
    const error = await errorOf(tab.logIn({ email: newEmail(), password: PASSWORD }))
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'AuthClientError',
      code: 'invalid_credentials',
      status: 401,
      errors: [],
      retryAfter: null,
    })
    expect(error.requestId).toMatch(/^[0-9a-f-]{36}$/)
    expect(error.message).toContain('The email or the password is wrong')
  })

  test('which fields are wrong', async () => {
    const tab = createBrowser().openTab()
    const error = await errorOf(tab.signUp({ email: 'nobody', password: PASSWORD }))
    expect(error.code).toBe('validation_failed')
    expect(error.errors).toEqual([{ path: 'email', message: 'must be an email address' }])
  })

  test('when to try again', async () => {
    const RATE_LIMIT_CREDENTIALS = { limit: async () => ({ success: false }) }
    const worker = createClient({ vars: { RATE_LIMIT: 'on', RATE_LIMIT_CREDENTIALS } })
    const tab = createBrowser({ network: createNetwork(worker) }).openTab()
    const error = await errorOf(tab.logIn({ email: newEmail(), password: PASSWORD }))
    expect(error).toMatchObject({ code: 'rate_limited', status: 429, retryAfter: 60 })
  })

  test('that a token is needed', async () => {
    const error = await errorOf(createBrowser().openTab().me())
    expect(error).toMatchObject({ code: 'missing_token', status: 401 })
  })
})

describe('what is no answer of the service', () => {
  test.each([
    ['a page', 502, '<h1>Bad gateway</h1>'],
    ['other JSON', 403, '{"error":"blocked"}'],
    ['a page that says it is well', 200, '<h1>Please accept our terms</h1>'],
  ])('%s', async (_name, status, text) => {
    const { network, openTab } = createBrowser()
    const tab = openTab()
    network.disturb(answerWith('POST /auth/login', () => new Response(text, { status })))
    const error = await errorOf(tab.logIn({ email: newEmail(), password: PASSWORD }))
    expect(error).toMatchObject({ code: 'unexpected_answer', status })
    expect(await tab.user()).toBeNull()
  })

  test('none at all', async () => {
    const { network, openTab } = createBrowser()
    const tab = openTab()
    const cause = new TypeError('connection refused')
    network.disturb(() => Promise.reject(cause))
    const error = await errorOf(tab.logIn({ email: newEmail(), password: PASSWORD }))
    expect(error).toMatchObject({ code: 'no_answer', status: 0, requestId: null, cause })
  })

  test('none to who is signed in', async () => {
    const { network, openTab } = createBrowser()
    const tab = openTab()
    await signUpIn(tab)
    network.disturb(() => Promise.reject(new TypeError('connection refused')))
    expect(await errorOf(tab.me())).toMatchObject({ code: 'no_answer' })
  })
})
