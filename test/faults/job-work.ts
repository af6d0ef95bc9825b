import { AUDIT_KEY, seal } from '../platform/audit'
import { failAll } from '../platform/bindings'
import { createClient } from '../platform/client'
import { advanceSeconds } from '../platform/clock'
import { refuseMails } from '../platform/mails'
import { newEmail, PASSWORD, signUpPerson } from '../platform/people'
import { rows } from '../platform/records'

const DAY = 86_400
const client = createClient()
const signing = createClient({ vars: { AUDIT_SIGNING_KEY: JSON.stringify(AUDIT_KEY) } })

/** With all that the job can have to do. */
export const JOB_VARS = {
  AUDIT_SIGNING_KEY: JSON.stringify(AUDIT_KEY),
  AUDIT_RETENTION_DAYS: '30',
  WEBHOOK_URL: 'https://listener.example/hooks',
  WEBHOOK_SECRET: `whsec_${'A'.repeat(32)}`,
}

const forget = async () => {
  const { email } = await signUpPerson(client)
  await client.post('/auth/forgot-password', { body: { email } })
}

/** What was asked for is written, and nothing comes after the answer. */
const askInVain = async (email: string) => {
  const dying = createClient({
    interfere: (call, proceed) => (call.index > 0 ? Promise.reject(new Error('gone')) : proceed()),
  })
  await dying.post('/auth/forgot-password', { body: { email } })
}

/** A user whose deletion is due, and one who left long ago. */
async function leaveDepartures(): Promise<void> {
  const [due, gone] = [await signUpPerson(client), await signUpPerson(client)]
  await rows('update users set is_active = 0, delete_at = 1 where id = ?', due.userId)
  const { access_token: token } = gone.session
  await signing.delete('/auth/me', { token, body: { password: PASSWORD } })
  await rows('update departures set erase_at = 1')
}

/**
 * Deletions and erasures, events to seal and to prune, a revocation to publish, rows to delete, mails to send and to give
 * up, requests for mails to see to, events to tell.
 */
export async function leaveWork(): Promise<void> {
  refuseMails(() => Promise.reject(new Error('down')))
  for (let sealing = 0; sealing < 2; sealing++) {
    await forget()
    await seal()
    advanceSeconds(60)
  }
  advanceSeconds(31 * DAY)
  await forget()
  const { session, email } = await signUpPerson(client)
  await askInVain(email)
  await askInVain(newEmail())
  advanceSeconds(10)
  const blind = createClient({ interfere: failAll('kv') })
  await blind.post('/auth/logout', { token: session.access_token })
  await leaveDepartures()
}
