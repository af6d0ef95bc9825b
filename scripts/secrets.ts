// New random secrets for a deployment. `npm run --silent secrets > secrets.json` keeps them as JSON for
// `wrangler deploy --secrets-file`; the key that verifies the audit trail goes to the terminal.
import { generateKeyPairSync, randomBytes } from 'node:crypto'

export function newSecrets() {
  const { kty, crv, x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const secrets = {
    AUTH_SECRETS: randomBytes(48).toString('base64'),
    PASSWORD_PEPPER_V1: randomBytes(32).toString('base64'),
    AUDIT_SIGNING_KEY: JSON.stringify({ kty, crv, x, d }),
  }
  return { secrets, auditPublicKey: String(x) }
}

if (import.meta.main) {
  const { secrets, auditPublicKey } = newSecrets()
  console.log(JSON.stringify(secrets, null, 2))
  console.error(`Keep this apart from the secrets. AUDIT_PUBLIC_KEY: ${auditPublicKey}`)
}
