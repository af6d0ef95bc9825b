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

/** The /56 and the /48 around an IPv6 source: a customer may have that much. None of an IPv4 address. */
export function widerSourcesOf(source: string): readonly string[] {
  return widerNetworks(source).map(({ network }) => network)
}

/**
 * The keys under which a gate counts a source: its own, and of IPv6 a part of each network around it. A gate has one limit
 * for every key. A /56 has two parts and a /48 has four, so that they have two and four times the limit. The subnets
 * of a /56 are in all four parts of its /48: by itself it cannot fill them.
 */
export function gateKeysOf(source: string): readonly string[] {
  return [source, ...widerNetworks(source).map(({ network, part }) => `${network}#${part}`)]
}

function widerNetworks(source: string) {
  const [, start, subnet] = /^([\da-f]+:[\da-f]+:[\da-f]+):([\da-f]+)::\/64$/.exec(source) ?? []
  if (start === undefined || subnet === undefined) return []
  const number = Number.parseInt(subnet, 16)
  return [
    { network: `${start}:${(number & 0xff00).toString(16)}::/56`, part: number % 2 },
    { network: `${start}::/48`, part: ((number >> 8) + number) % 4 },
  ]
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
