import fc from 'fast-check'
import type { Geography } from './refresh-model'

// What can happen to a session, and how often.

/**
 * Three of one household, who share a network and an agent or one of them; copies of one of them in three more networks;
 * and a stranger.
 */
export const CLIENTS = {
  phone: { ip: '192.0.2.1', userAgent: 'agent/1' },
  tablet: { ip: '192.0.2.200', userAgent: 'agent/2' },
  roaming: { ip: '198.51.100.1', userAgent: 'agent/1' },
  train: { ip: '198.51.101.1', userAgent: 'agent/1' },
  hotel: { ip: '198.51.102.1', userAgent: 'agent/1' },
  office: { ip: '198.51.103.1', userAgent: 'agent/1' },
  stranger: { ip: '203.0.113.1', userAgent: 'agent/9' },
} as const
export type ClientName = keyof typeof CLIENTS

const networkOfIp = (ip: string) => ip.replace(/\d+$/, '0/24')
const described = new Map<string, { ip: string; userAgent: string }>(Object.entries(CLIENTS))
const networkOf = (client: string) => networkOfIp(described.get(client)?.ip ?? '')
export const GEOGRAPHY: Geography = {
  networkOf,
  isAcquainted: (one, other) =>
    networkOf(one) === networkOf(other) ||
    described.get(one)?.userAgent === described.get(other)?.userAgent,
}

export type Fate = 'delivered' | 'lost' | 'committed unheard' | 'unavailable'
export type Action =
  | {
      readonly do: 'refresh'
      readonly by: ClientName
      readonly fate: Fate
      /** Whether its body comes later than its headers. */
      readonly isHeld?: boolean
    }
  | { readonly do: 'change password'; readonly by: ClientName; readonly fate: Fate }
  | { readonly do: 'replay'; readonly by: ClientName; readonly back: number }
  | { readonly do: 'forge'; readonly by: ClientName; readonly how: 'garbage' | 'cut' | 'resigned' }
  | { readonly do: 'use'; readonly by: ClientName }
  | { readonly do: 'log out'; readonly by: ClientName }
  | { readonly do: 'disable' | 'enable' }
  | { readonly do: 'wait'; readonly seconds: number }

export interface Round {
  readonly waitSeconds: number
  readonly actions: readonly Action[]
}

// Weighted so that most lives are long: what ends a session early hides what comes after.
const by = fc.oneof(
  { weight: 6, arbitrary: fc.constant<ClientName>('phone') },
  { weight: 2, arbitrary: fc.constant<ClientName>('tablet') },
  { weight: 1, arbitrary: fc.constant<ClientName>('roaming') },
  {
    weight: 1,
    arbitrary: fc.constantFrom<ClientName>('train', 'hotel', 'office'),
  },
  { weight: 1, arbitrary: fc.constant<ClientName>('stranger') },
)
const fate = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Fate>('delivered') },
  { weight: 1, arbitrary: fc.constant<Fate>('lost') },
  { weight: 1, arbitrary: fc.constant<Fate>('committed unheard') },
  { weight: 1, arbitrary: fc.constant<Fate>('unavailable') },
)
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      do: fc.constant('refresh' as const),
      by,
      fate,
      isHeld: fc.oneof(
        { weight: 9, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('change password' as const), by, fate }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('replay' as const),
      by,
      back: fc.constantFrom(1, 1, 1, 2, 3),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('forge' as const),
      by,
      how: fc.constantFrom('garbage' as const, 'cut' as const, 'resigned' as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('use' as const), by }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('log out' as const), by }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('disable' as const, 'enable' as const) }),
  },
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      seconds: fc.constantFrom(0.001, 1, 1, 5, 10, -1),
    }),
  },
)
const anyRound: fc.Arbitrary<Round> = fc.record({
  waitSeconds: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(0, 1, 5, 9, 9.999, 10, 10.001, 11, 30, 61) },
    { weight: 1, arbitrary: fc.constantFrom(150, 299, 300, 600, -3, -12) },
  ),
  actions: fc.array(action, { minLength: 1, maxLength: 5 }),
})
/** A retry at the end of the window beside a rotation just after it: chance alone seldom comes by. */
const endOfWindow: fc.Arbitrary<Round> = fc.record({
  waitSeconds: fc.constantFrom(9, 9.5),
  actions: fc.constant<readonly Action[]>([
    { do: 'replay', by: 'phone', back: 1 },
    { do: 'wait', seconds: 1 },
    { do: 'refresh', by: 'phone', fate: 'delivered' },
  ]),
})
/** A copy in each of four networks, inside one window. */
const manyNetworks: fc.Arbitrary<Round> = fc.record({
  waitSeconds: fc.constantFrom(11, 30),
  actions: fc.constant<readonly Action[]>(
    (['phone', 'roaming', 'train', 'hotel', 'office'] as const).map((name) => ({
      do: 'refresh',
      by: name,
      fate: 'delivered',
    })),
  ),
})
/** A body that comes after somebody else's rotation, by a little or by more than a window. */
const heldBody: fc.Arbitrary<Round> = fc.record({
  waitSeconds: fc.constantFrom(10, 30),
  actions: fc.constantFrom(5, 20).map((seconds): readonly Action[] => [
    { do: 'refresh', by: 'roaming', fate: 'lost', isHeld: true },
    { do: 'refresh', by: 'phone', fate: 'delivered' },
    { do: 'wait', seconds },
  ]),
})
/** A change whose answer is lost, what others do with the tokens from before, and the same change again. */
const lostChange: fc.Arbitrary<Round> = fc.record({
  waitSeconds: fc.constantFrom(0, 1, 11),
  actions: fc.constant<readonly Action[]>([
    { do: 'change password', by: 'phone', fate: 'lost' },
    { do: 'refresh', by: 'tablet', fate: 'delivered' },
    { do: 'change password', by: 'phone', fate: 'delivered' },
  ]),
})
export const round = fc.oneof(
  { weight: 10, arbitrary: anyRound },
  { weight: 10, arbitrary: endOfWindow },
  { weight: 1, arbitrary: manyNetworks },
  { weight: 2, arbitrary: heldBody },
  { weight: 1, arbitrary: lostChange },
)
