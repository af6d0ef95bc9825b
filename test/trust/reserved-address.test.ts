import { describe, expect, test } from 'vitest'
import { signUpHolder } from '../platform/administrators'
import { failAfterCommit } from '../platform/bindings'
import { createClient, refusal, sessionOf } from '../platform/client'
import { lastTokenTo, subjectsTo } from '../platform/mails'
import { newEmail, PASSWORD } from '../platform/people'
import { rows } from '../platform/records'

// Somebody signs up with the address of somebody else and changes to their own: only a verified address is reserved
// for whoever had it, and can be brought back.

async function asked(vars: Readonly<Record<string, unknown>>, isVerified = false) {
  const attacker = createClient({ ip: '203.0.113.5', vars })
  const [email, next] = [newEmail(), newEmail()]
  const body = { email, password: PASSWORD }
  const { access_token: token, user } = sessionOf(await attacker.post('/auth/signup', { body }))
  if (isVerified) await rows('update users set email_verified_at = 1 where id = ?', user.id)
  const change = { password: PASSWORD, new_email: next }
  await attacker.post('/auth/change-email', { token, body: change })
  return { attacker, email, next, userId: user.id, token: lastTokenTo(next) }
}

async function squat(vars: Readonly<Record<string, unknown>>, isVerified = false) {
  const { attacker, email, userId, token } = await asked(vars, isVerified)
  const answer = await attacker.post('/auth/change-email/confirm', {
    body: { token, password: PASSWORD },
  })
  expect(answer.status).toBe(200)
  return { email, userId }
}

describe.each([{}, { EMAIL_VERIFICATION: 'off' }, { EMAIL_VERIFICATION: 'optional' }])(
  'with %o',
  (vars) => {
    const owner = createClient({ ip: '198.51.100.7', vars })

    test('an address that nobody verified is free at once, by every way in', async () => {
      const { email, userId } = await squat(vars)
      const undoing = await rows(
        `select id from one_time_tokens where user_id = ? and purpose = 'undo_email_change'`,
        userId,
      )
      expect(undoing).toEqual([])
      expect(subjectsTo(email)).not.toContain('The email of your Gatehouse account has changed')
      const body = { email, password: 'mine own long secret' }
      expect((await owner.post('/auth/signup', { body })).status).toBe(201)

      const { token } = await signUpHolder('admin')
      const created = { email: (await squat(vars)).email }
      expect((await owner.post('/admin/users', { token, body: created })).status).toBe(201)
    })

    test('where the batch of the change runs twice, too', async () => {
      const by = createClient({ vars, interfere: failAfterCommit('d1', 1) })
      const { email, next, token } = await asked(vars)
      const answer = await by.post('/auth/change-email/confirm', {
        body: { token, password: PASSWORD },
      })
      expect(answer.status).toBe(200)
      for (const address of [email, next]) {
        const undoing = await rows(
          `select id from one_time_tokens where email = ? and purpose = 'undo_email_change'`,
          address,
        )
        expect(undoing).toEqual([])
      }
    })

    test('one that was verified is reserved', async () => {
      const { email } = await squat(vars, true)
      const body = { email, password: 'mine own long secret' }
      expect(refusal(await owner.post('/auth/signup', { body }))).toBe('409 email_taken')
      expect(await rows('select id from users where email_normalized = ?', email)).toEqual([])
    })
  },
)
