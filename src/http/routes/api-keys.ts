import { createApiKey } from '../../auth/create-api-key'
import { listApiKeys } from '../../auth/list-api-keys'
import { revokeApiKey } from '../../auth/revoke-api-key'
import {
  ApiKeyId,
  ApiKeyList,
  CreateApiKeyInput,
  CreatedApiKey,
  presentApiKey,
} from '../api-key-wire'
import { authenticate } from '../authenticate'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import { BODY, OWN_PASSWORD, TOKEN } from '../route-problems'
import { Message } from '../wire'

const tag = 'API keys'

export const apiKeys = factory
  .createApp()
  .post(
    '/',
    operation({
      operationId: 'createApiKey',
      summary: 'Make a key by which a machine acts for you',
      description:
        'The key is shown only in this answer. It has the permissions that you name, as far as you hold them. It needs a log-in of the last five minutes, or your password, and ends after 90 days unless you name another end within a year.',
      tag,
      bearer: 'required',
      responses: { 201: { description: 'The key', schema: CreatedApiKey } },
      problems: [
        ...BODY,
        ...TOKEN,
        'insufficient_user_authentication',
        ...OWN_PASSWORD,
        'exceeds_own_permissions',
        'api_key_limit',
      ],
    }),
    authenticate,
    valid('json', CreateApiKeyInput),
    async (c) => {
      const { expires_at: expiresAt = null, password = null, ...rest } = c.req.valid('json')
      const input = { ...rest, expiresAt, password }
      const { apiKey, key } = await createApiKey(c.get('auth'), c.get('claims'), input)
      return c.json({ ...presentApiKey(apiKey), key }, 201)
    },
  )
  .get(
    '/',
    operation({
      operationId: 'listApiKeys',
      summary: 'Your API keys that can be used, the newest first',
      tag,
      bearer: 'required',
      responses: {
        200: { description: 'The keys, without what makes them work', schema: ApiKeyList },
      },
      problems: TOKEN,
    }),
    authenticate,
    async (c) => {
      const keys = await listApiKeys(c.get('auth'), c.get('claims'))
      return c.json({ api_keys: keys.map(presentApiKey) }, 200)
    },
  )
  .delete(
    '/:id',
    operation({
      operationId: 'revokeApiKey',
      summary: 'Revoke one of your API keys',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'It is refused from now on', schema: Message } },
      problems: [...TOKEN, 'api_key_not_found', ...BODY],
    }),
    authenticate,
    valid('param', ApiKeyId),
    async (c) => {
      await revokeApiKey(c.get('auth'), c.get('claims'), c.req.valid('param').id)
      return c.json({ message: 'The API key is revoked' }, 200)
    },
  )
