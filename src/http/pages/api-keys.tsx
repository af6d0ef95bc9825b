import type { Context } from 'hono'
import * as z from 'zod/mini'
import { createApiKey } from '../../auth/create-api-key'
import { AuthError } from '../../auth/errors'
import { getAccount } from '../../auth/get-account'
import { listApiKeys } from '../../auth/list-api-keys'
import { revokeApiKey } from '../../auth/revoke-api-key'
import type { UserAccount } from '../../store/users'
import { ApiKeyId, CreateApiKeyInput } from '../api-key-wire'
import type { AppEnv } from '../factory'
import { Password } from '../wire'
import { answer, type Markup } from './answer'
import { API_KEYS, ApiKeyList } from './api-key-list'
import { Field, Form, type FormState, UNTOUCHED } from './form'
import { Layout, Time } from './layout'
import { filledFields, submit } from './submit'
import { asSender, asVisitor } from './visit'

// The API keys of the visitor.

/** The form asks for the password whenever they logged in. */
const ApiKeyForm = z.extend(CreateApiKeyInput, { password: Password })

export async function showApiKeys(c: Context<AppEnv>) {
  return answer(c, await apiKeysPage(c, UNTOUCHED))
}

/** Shows the key in the answer itself, and nowhere else. */
export function submitApiKey(c: Context<AppEnv>): Promise<Response> {
  return submit(c, {
    schema: ApiKeyForm,
    inputOf: (form) => ({
      ...filledFields(form),
      expires_at: startOf(form.get('expires_at')),
      permissions: form.getAll('permissions'),
    }),
    async act({ name, permissions, expires_at: expiresAt = null, password }, form) {
      const input = { name, permissions, expiresAt, password }
      const { apiKey, key } = await asSender(c, form, (claims) =>
        createApiKey(c.get('auth'), claims, input),
      )
      return answer(c, newKeyPage(c, key, apiKey.expiresAt), { status: 201 })
    },
    page: (state) => apiKeysPage(c, state),
  })
}

export function submitRevocation(c: Context<AppEnv>): Promise<Response> {
  return submit(c, {
    schema: ApiKeyId,
    inputOf: () => ({ id: c.req.param('id') }),
    async act({ id }, form) {
      try {
        await asSender(c, form, (claims) => revokeApiKey(c.get('auth'), claims, id))
      } catch (error) {
        // It ended after the page was shown: as asked.
        if (!(error instanceof AuthError && error.code === 'api_key_not_found')) throw error
      }
      return c.redirect(`${API_KEYS}?done=api_key_revoked`, 303)
    },
    page: (state) => apiKeysPage(c, state),
  })
}

// A browser sends a day.
function startOf(day: string | null): string | undefined {
  return day ? `${day}T00:00:00Z` : undefined
}

async function apiKeysPage(c: Context<AppEnv>, state: FormState): Promise<Markup> {
  const [user, keys] = await asVisitor(c, (claims) =>
    Promise.all([
      getAccount(c.get('auth'), { kind: 'session', claims }),
      listApiKeys(c.get('auth'), claims),
    ]),
  )
  return (
    <Layout c={c} title="API keys" user={user} isWide hasErrors={state.errors.length > 0}>
      <h1>API keys</h1>
      <div class="columns">
        <section class="card" aria-labelledby="yours">
          <h2 id="yours">Your keys</h2>
          <ApiKeyList user={user} keys={keys} state={state} />
        </section>
        <NewKey user={user} state={state} />
      </div>
      <p class="links">
        <a href="/account">Back to your account</a>
      </p>
    </Layout>
  )
}

function NewKey({ user, state }: { user: UserAccount; state: FormState }): Markup {
  const field = { action: API_KEYS, state }
  return (
    <section class="card" aria-labelledby="new">
      <h2 id="new">Make a key</h2>
      <p class="quiet">
        Whoever has the key acts for you, with the permissions that you choose here, until it ends
        or you revoke it.
      </p>
      <Form {...field} user={user} button="Make the key">
        <Field {...field} name="name" hint="What you will know it by" />
        {user.permissions.length > 0 && <Permissions user={user} state={state} />}
        <Field
          {...field}
          name="expires_at"
          type="date"
          hint="Within a year; without a day it ends after 90 days"
          isOptional
        />
        <Field {...field} name="password" type="password" autocomplete="current-password" />
      </Form>
    </section>
  )
}

function Permissions({ user, state }: { user: UserAccount; state: FormState }): Markup {
  const chosen = state.action === API_KEYS ? state.values.getAll('permissions') : []
  return (
    <fieldset>
      <legend>Permissions</legend>
      {user.permissions.map((name) => (
        <label class="choice">
          <input type="checkbox" name="permissions" value={name} checked={chosen.includes(name)} />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  )
}

function newKeyPage(c: Context<AppEnv>, key: string, expiresAt: number): Markup {
  return (
    <Layout c={c} title="Your new API key">
      <div class="card">
        <h1>Your new API key</h1>
        <p>Copy it now. It will not be shown again.</p>
        <p>
          <code>{key}</code>
        </p>
        <p class="quiet">
          It ends <Time at={expiresAt} />.
        </p>
      </div>
      <p class="links">
        <a href={API_KEYS}>Back to your API keys</a>
      </p>
    </Layout>
  )
}
