import type { Client } from '../store/sessions'

const LONGEST_USER_AGENT = 256

/** Only what Cloudflare itself says counts; X-Forwarded-For is the client's to invent. */
export function clientOf(headers: Headers): Client {
  const ip = headers.get('CF-Connecting-IP')
  return { ip, network: ip && networkOf(ip), userAgent: cleanUserAgent(headers.get('User-Agent')) }
}

/** For whom requests and attempts are counted: an IPv4 address, or the /64 that one IPv6 customer has at least. */
export function sourceOf(headers: Headers): string {
  const ip = headers.get('CF-Connecting-IP') ?? ''
  return ip.includes(':') ? (ipv6Network(ip, 4) ?? ip) : ip
}

/** IPv4 /24 or IPv6 /48, as `192.0.2.0/24` or `2001:db8:0::/48`; null for anything else. */
export function networkOf(ip: string): string | null {
  const ipv4 = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(ip)
  if (ipv4) return `${ipv4[1]}.0/24`
  return ipv6Network(ip, 3)
}

function ipv6Network(ip: string, groupCount: number): string | null {
  const hostname = URL.parse(`http://[${ip}]`)?.hostname
  if (!hostname) return null
  const [start = '', end] = hostname.slice(1, -1).split('::')
  const [head, tail] = [start, end ?? ''].map((part) =>
    part.split(':').filter((group) => group !== ''),
  )
  const missing = 8 - (head?.length ?? 0) - (tail?.length ?? 0)
  const groups = [
    ...(head ?? []),
    ...Array<string>(Math.max(0, missing)).fill('0'),
    ...(tail ?? []),
  ]
  return `${groups.slice(0, groupCount).join(':')}::/${groupCount * 16}`
}

// Control characters would let a client write into whatever prints the list of sessions.
function cleanUserAgent(userAgent: string | null): string | null {
  return userAgent?.replace(/\p{C}/gu, '').slice(0, LONGEST_USER_AGENT).trim() || null
}
