export interface EmailAddress {
  /** For sending mail: the local part as typed, the domain as its A-label. */
  readonly address: string
  /** For recognising: the same in lower case. */
  readonly normalized: string
}

const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/
const TYPED_DOMAIN = /^[\p{L}\p{M}\p{N}.-]+$/u
const DOMAIN =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/
const LONGEST = 254
const LONGEST_LOCAL_PART = 64

/** Null unless it is `local@domain` with an ASCII local part (RFC 5321 §4.1.2, dot-string) and a full domain. */
export function parseEmailAddress(text: string): EmailAddress | null {
  const typed = text.trim()
  const at = typed.lastIndexOf('@')
  const local = typed.slice(0, at)
  if (at < 1 || local.length > LONGEST_LOCAL_PART || !LOCAL_PART.test(local)) return null
  const domain = toAsciiDomain(typed.slice(at + 1))
  if (!domain) return null
  const address = `${local}@${domain}`
  return address.length > LONGEST ? null : { address, normalized: address.toLowerCase() }
}

// The URL parser does the UTS #46 mapping; what could be URL syntax is refused before it sees it.
function toAsciiDomain(domain: string): string | null {
  if (!TYPED_DOMAIN.test(domain)) return null
  const hostname = URL.parse(`https://${domain}`)?.hostname ?? ''
  return DOMAIN.test(hostname) ? hostname : null
}
