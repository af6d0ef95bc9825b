/** SHA-1 of the password in hex, which the range query of Have I Been Pwned goes by; good for nothing else. */
export async function breachDigest(password: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(password))
  return new Uint8Array(digest).toHex().toUpperCase()
}
