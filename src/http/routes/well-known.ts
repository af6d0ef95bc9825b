import { factory } from '../factory'
import { operation } from '../openapi'
import { IssuerMetadata, KeySet } from '../well-known-wire'

const tag = 'For other services'

/** Others may keep them for five minutes: a new key has to be published for longer before it signs. */
const CACHED = 'public, max-age=300'

export const wellKnown = factory
  .createApp()
  .get(
    '/jwks.json',
    operation({
      operationId: 'getKeySet',
      summary: 'The public keys that verify access tokens',
      description: 'Empty where access tokens are signed by a shared secret.',
      tag,
      responses: { 200: { description: 'A JWK Set (RFC 7517)', schema: KeySet } },
      problems: [],
    }),
    (c) => {
      c.header('Cache-Control', CACHED)
      return c.json({ keys: [...c.get('auth').keys.accessTokens.published] }, 200)
    },
  )
  .get(
    '/oauth-authorization-server',
    operation({
      operationId: 'getIssuerMetadata',
      summary: 'What other services need to know of the issuer',
      description: 'In the form of RFC 8414, as far as it is true here: there is no OAuth flow.',
      tag,
      responses: { 200: { description: 'The metadata', schema: IssuerMetadata } },
      problems: [],
    }),
    (c) => {
      const { issuer } = c.get('auth').config
      c.header('Cache-Control', CACHED)
      const metadata = {
        issuer,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        response_types_supported: [],
        grant_types_supported: [],
        introspection_endpoint: `${issuer}/auth/introspect`,
        revocation_endpoint: `${issuer}/auth/revoke`,
        service_documentation: `${issuer}/docs`,
      }
      return c.json(metadata, 200)
    },
  )
