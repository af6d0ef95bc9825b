import { expect, test, vi } from 'vitest'
import { bindingSender } from '../../src/mail/binding-sender'

const MAIL = { to: 'you@example.com', subject: 's', text: 't', html: '<p>t</p>' }
const FROM = { email: 'auth@example.com', name: 'Gatehouse' }

test('a provider that never answers is given ten seconds', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const send = bindingSender({ send: () => new Promise(() => undefined) } as never, FROM)
  let outcome = 'waiting'
  const sending = send(MAIL).catch((error: Error) => {
    outcome = error.message
  })
  await vi.advanceTimersByTimeAsync(9999)
  expect(outcome).toBe('waiting')
  await vi.advanceTimersByTimeAsync(1)
  await sending
  expect(outcome).toBe('the mail was not taken: timeout')
})

test('is handed all of the mail, and the sender', async () => {
  const sent: unknown[] = []
  const binding = { send: async (mail: unknown) => void sent.push(mail) }
  await bindingSender(binding as never, FROM)(MAIL)
  expect(sent).toEqual([{ ...MAIL, from: FROM }])
})

test('what the provider says is not repeated, its code is', async () => {
  const words = new Error('you@example.com is suppressed')
  const refuse = (error: Error) =>
    bindingSender({ send: () => Promise.reject(error) } as never, FROM)(MAIL)
  await expect(refuse(words)).rejects.toThrow(/^the mail was not taken: unknown$/)
  const coded = Object.assign(words, { code: 'E_RECIPIENT_SUPPRESSED' })
  await expect(refuse(coded)).rejects.toThrow(/^the mail was not taken: E_RECIPIENT_SUPPRESSED$/)
})
