import { introspectToken } from '../../auth/introspect-token'
import { revokeToken } from '../../auth/revoke-token'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import { requirePermission } from '../require-permission'
import { ADMINISTRATION } from '../route-problems'
import { Introspection, presentIntrospection, TokenInput } from '../token-wire'
import { Message } from '../wire'

const tag = 'For other services'

/** For services that were given a token: as OAuth has it, by forms. */
export const tokens = factory
  .createApp()
  .post(
    '/introspect',
    operation({
      operationId: 'introspectToken',
      summary: 'What a token says, and whether it counts now (RFC 7662)',
      description:
        'Of an access token, a refresh token or an API key. One that does not count is `{"active":false}`.',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'What it says', schema: Introspection } },
      problems: ADMINISTRATION.write,
    }),
    requirePermission('tokens:introspect'),
    valid('form', TokenInput),
    async (c) => {
      const [auth, actor] = [c.get('auth'), c.get('actor')]
      const token = await introspectToken(auth, actor, c.req.valid('form').token)
      return c.json(presentIntrospection(token, auth.config), 200)
    },
  )
  .post(
    '/revoke',
    operation({
      operationId: 'revokeToken',
      summary: 'End the session or the API key behind a token (RFC 7009)',
      description: 'The answer is the same for a token that does not count.',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'It does not count any more', schema: Message } },
      problems: ADMINISTRATION.write,
    }),
    requirePermission('tokens:revoke'),
    valid('form', TokenInput),
    async (c) => {
      await revokeToken(c.get('auth'), c.get('actor'), c.req.valid('form').token)
      return c.json({ message: 'The token does not count any more' }, 200)
    },
  )
