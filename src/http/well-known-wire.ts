import * as z from 'zod/mini'
import { answer } from './named'

const Key = answer('Key', () =>
  z.object({
    kty: z.string(),
    crv: z.string(),
    x: z.string(),
    y: z.optional(z.string()),
    kid: z.string().check(z.describe('The RFC 7638 thumbprint')),
    alg: z.string(),
    use: z.literal('sig'),
  }),
)

export const KeySet = answer('KeySet', () => z.object({ keys: z.array(Key()) }))

export const IssuerMetadata = answer('IssuerMetadata', () =>
  z.object({
    issuer: z.string(),
    jwks_uri: z.string(),
    response_types_supported: z.array(z.string()),
    grant_types_supported: z.array(z.string()),
    introspection_endpoint: z.string(),
    revocation_endpoint: z.string(),
    service_documentation: z.string(),
  }),
)
