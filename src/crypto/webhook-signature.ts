/**
 * The `webhook-signature` of Standard Webhooks 1.0.0: `v1,` and the base64 HMAC-SHA-256 of the content, for each
 * secret, so that a receiver may hold the old one or the new one.
 */
export async function signWebhook(
  secrets: readonly Uint8Array<ArrayBuffer>[],
  content: string,
): Promise<string> {
  const signatures = secrets.map(async (secret) => {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign'])
    const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(content))
    return `v1,${new Uint8Array(signature).toBase64()}`
  })
  return (await Promise.all(signatures)).join(' ')
}
