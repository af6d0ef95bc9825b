import * as z from 'zod'

const Key = z
  .object({
    kty: z.string(),
    crv: z.string(),
    x: z.string(),
    y: z.string().optional(),
    kid: z.string().describe('The RFC 7638 thumbprint'),
    alg: z.string(),
    use: z.literal('sig'),
  })
  .meta({ id: 'Key' })

export const KeySet = z.object({ keys: z.array(Key) }).meta({ id: 'KeySet' })

export const IssuerMetadata = z
  .object({
    issuer: z.string(),
    jwks_uri: z.string(),
    response_types_supported: z.array(z.string()),
    grant_types_supported: z.array(z.string()),
    introspection_endpoint: z.string(),
    revocation_endpoint: z.string(),
    service_documentation: z.string(),
  })
  .meta({ id: 'IssuerMetadata' })
