import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { delay, fail, failAfterCommit, wrapBindings } from './bindings'
import { advanceSeconds } from './clock'

// The kit itself: what production would refuse, it refuses.

test('the clock stands still while work is done, and moves when told', async () => {
  const start = Date.now()
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(Date.now()).toBe(start)
  advanceSeconds(1.5)
  expect(Date.now()).toBe(start + 1500)
})

test('PBKDF2 above 100,000 iterations throws, derived as bits or as a key', async () => {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, [
    'deriveBits',
    'deriveKey',
  ])
  const algorithm = {
    name: 'PBKDF2',
    hash: 'SHA-256',
    salt: new Uint8Array(16),
    iterations: 100_001,
  }
  const aes = { name: 'AES-GCM', length: 256 }
  const refused = 'above 100000 are not supported'
  await expect(crypto.subtle.deriveBits(algorithm, key, 256)).rejects.toThrow(refused)
  const derived = crypto.subtle.deriveKey(algorithm, key, aes, false, ['encrypt'])
  await expect(derived).rejects.toThrow(refused)
  await crypto.subtle.deriveBits({ ...algorithm, iterations: 100_000 }, key, 256)
})

test('KV refuses a second write to a key within a second, and no other', async () => {
  const { bindings, counts } = wrapBindings(env)
  const put = (key: string) => bindings.REVOCATIONS.put(key, '1', { expirationTtl: 60 })
  await put('a')
  await expect(put('a')).rejects.toThrow('429')
  await put('b')
  advanceSeconds(1)
  await put('a')
  expect(counts.kvWrites).toBe(4)
})

test('the k-th call fails before it happens, after it has, or late', async () => {
  const { bindings } = wrapBindings(env, fail('kv', 1))
  const put = (kv: KVNamespace, key: string) => kv.put(key, '1', { expirationTtl: 60 })
  await put(bindings.REVOCATIONS, 'c')
  await expect(put(bindings.REVOCATIONS, 'd')).rejects.toThrow('Network connection lost')
  expect(await env.REVOCATIONS.get('d')).toBeNull()

  const after = wrapBindings(env, failAfterCommit('kv', 0)).bindings.REVOCATIONS
  await expect(put(after, 'e')).rejects.toThrow('Network connection lost')
  expect(await env.REVOCATIONS.get('e')).toBe('1')

  const order: string[] = []
  const late = wrapBindings(env, delay('kv', 0, 20)).bindings.REVOCATIONS
  const delayed = put(late, 'f').then(() => order.push('delayed'))
  await put(late, 'g').then(() => order.push('prompt'))
  await delayed
  expect(order).toEqual(['prompt', 'delayed'])
})

test('a statement outside a batch is refused, since nothing would retry it', () => {
  const { bindings } = wrapBindings(env)
  const statement = bindings.DB.prepare('select 1').bind()
  expect(() => statement.all()).toThrow('statements run in batches')
  expect(() => bindings.DB.exec('select 1')).toThrow('does not use')
})
