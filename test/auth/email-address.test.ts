import { expect, test } from 'vitest'
import { parseEmailAddress } from '../../src/auth/email-address'

test.each([
  ['you@example.com', 'you@example.com', 'you@example.com'],
  ['  You@Example.COM\n', 'You@example.com', 'you@example.com'],
  [
    "o'brien+tag@mail.example.co.uk",
    "o'brien+tag@mail.example.co.uk",
    "o'brien+tag@mail.example.co.uk",
  ],
  ['a@bücher.example', 'a@xn--bcher-kva.example', 'a@xn--bcher-kva.example'],
  ['a@例え.テスト', 'a@xn--r8jz45g.xn--zckzah', 'a@xn--r8jz45g.xn--zckzah'],
])('%j is an address', (text, address, normalized) => {
  expect(parseEmailAddress(text)).toEqual({ address, normalized })
})

test.each([
  '',
  '@',
  'you',
  'you@',
  '@example.com',
  'you@localhost',
  'you@example',
  'you@example.',
  'you@.com',
  'you@exa mple.com',
  'yo u@example.com',
  'you@@example.com',
  'you@127.0.0.1',
  'you@[127.0.0.1]',
  'you@2130706433',
  'you@example.com/path',
  'you@example.com?x',
  'you@example.com#x',
  'you@example.com:25',
  'you@a:b@example.com',
  '.you@example.com',
  'you.@example.com',
  'y..ou@example.com',
  'jürgen@example.com',
  '"you"@example.com',
  'you@-example.com',
  'you@example-.com',
  'you@exa_mple.com',
  'you@example.123',
  'you@example.--',
  'you@example.c-',
  'you@ex%61mple.com',
  'you\0@example.com',
  'you@example.com\0',
  'a,b@example.com',
  '<you@example.com>',
  'you@example.com,other@example.com',
  'you@example.com\r\nBcc: other@example.com',
  `${'x'.repeat(65)}@example.com`,
  `you@${'x'.repeat(64)}.com`,
  `you@${'x.'.repeat(130)}com`,
])('%j is none', (text) => {
  expect(parseEmailAddress(text)).toBeNull()
})
