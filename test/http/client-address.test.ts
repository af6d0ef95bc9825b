import { expect, test } from 'vitest'
import { clientOf, networkOf } from '../../src/http/client-address'

test.each([
  ['192.0.2.77', '192.0.2.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
  ['2001:db8:1:ffff::1', '2001:db8:1::/48'],
  ['2001:0DB8:0001::1', '2001:db8:1::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['2001::1', '2001:0:0::/48'],
  ['::1', '0:0:0::/48'],
  ['::', '0:0:0::/48'],
])('%s is of %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network)
})

test.each(['', 'localhost', '1.2.3', '1.2.3.4.5', 'fe80::1%eth0', ']/[', '2001:db8:::1'])(
  '%j is of no network',
  (ip) => {
    expect(networkOf(ip)).toBeNull()
  },
)

test('only Cloudflare says where a request is from', () => {
  const headers = new Headers({ 'X-Forwarded-For': '203.0.113.9', 'X-Real-IP': '203.0.113.9' })
  expect(clientOf(headers)).toEqual({ ip: null, network: null, userAgent: null })
})

test('a user agent is cleaned and bounded', () => {
  const userAgentOf = (text: string) => clientOf(new Headers({ 'User-Agent': text })).userAgent
  expect(userAgentOf('x'.repeat(1000))).toHaveLength(256)
  expect(userAgentOf('Browser\u00ad/1')).toBe('Browser/1')
  expect(userAgentOf('  ')).toBeNull()
})
