import type { ApiKey } from '../../store/api-keys'
import type { UserAccount } from '../../store/users'
import type { Markup } from './answer'
import { Form, type FormState } from './form'
import { Time } from './layout'

/** The page where keys are made and revoked. */
export const API_KEYS = '/account/api-keys'

export interface ApiKeyListProps {
  readonly user: UserAccount
  readonly keys: readonly ApiKey[]
  readonly state: FormState
}

/** The keys that can be used, each with a button that revokes it. */
export function ApiKeyList({ user, keys, state }: ApiKeyListProps): Markup {
  if (keys.length === 0) return <p>You have none.</p>
  return (
    <ul class="list">
      {keys.map(({ id, name, permissions, createdAt, expiresAt, lastUsedAt }) => (
        <li>
          <div>
            <strong>{name}</strong>{' '}
            {permissions.map((permission) => (
              <span class="tag">{permission}</span>
            ))}
            <div class="quiet">
              Made <Time at={createdAt} />, last used <Time at={lastUsedAt} />, ends{' '}
              <Time at={expiresAt} />
            </div>
          </div>
          <Form
            action={`${API_KEYS}/${id}`}
            user={user}
            state={state}
            button="Revoke"
            look="second danger"
          />
        </li>
      ))}
    </ul>
  )
}

/** Asks whether keys outlive what ends sessions; there is nothing to ask where there is no key. */
export function KeepApiKeys({ keys }: Pick<ApiKeyListProps, 'keys'>): Markup | null {
  if (keys.length === 0) return null
  return (
    <label class="choice">
      <input type="checkbox" name="keep_api_keys" value="true" />
      <span>
        Keep my API keys <span class="quiet">else they end too</span>
      </span>
    </label>
  )
}
