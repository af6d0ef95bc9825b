import { parseApiKey, verifyApiKey } from '../crypto/api-key'
import { type ApiKey, findPresentedKey, touchApiKey } from '../store/api-keys'
import type { UserAccount } from '../store/users'
import { type AuthContext, moment } from './auth-context'
import { AuthError } from './errors'

const TOUCH_INTERVAL_MS = 60_000

/** A key that may be used, and its user with only what it lets them do: its permissions, and no roles. */
export interface KeyHolder {
  readonly apiKey: ApiKey
  readonly account: UserAccount
}

/**
 * The account that an API key acts for, in one round trip; what is no key costs none. A use is noted at most once a minute,
 * after the answer.
 * @throws AuthError invalid_api_key
 */
export async function authenticateApiKey(context: AuthContext, text: string): Promise<KeyHolder> {
  const { db, config, now } = context
  const id = await parseApiKey(text)
  if (!id) throw new AuthError('invalid_api_key', { reason: 'not_a_key' })
  const { key, account } = await findPresentedKey(db, id, moment(context))
  const { peppers } = config.passwordHashing
  if (!key || !account || !(await verifyApiKey(text, key.secretHash, peppers))) {
    throw new AuthError('invalid_api_key', { reason: 'unknown' })
  }
  if (!key.isUsable) {
    throw new AuthError('invalid_api_key', { reason: 'ended', api_key_id: id, user_id: account.id })
  }
  const notAfter = now - TOUCH_INTERVAL_MS
  if ((key.lastUsedAt ?? 0) <= notAfter) context.defer(() => touchApiKey(db, { id, notAfter, now }))
  const permissions = account.permissions.filter((name) => key.permissions.includes(name))
  return { apiKey: key, account: { ...account, roles: [], permissions } }
}
