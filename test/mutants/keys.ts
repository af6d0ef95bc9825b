import type { Mutation } from './mutation'

export const KEYS_MUTATIONS: readonly Mutation[] = [
  {
    why: 'a key works when it was revoked or its user disabled',
    file: 'src/auth/authenticate-api-key.ts',
    find: '  if (!key.isUsable) {',
    replace: '  if (key === null) {',
    tests: ['test/auth/authenticate-api-key.test.ts'],
  },
  {
    why: 'the id of a key is enough',
    file: 'src/auth/authenticate-api-key.ts',
    find: ' || !(await verifyApiKey(text, key.secretHash, peppers))',
    replace: '',
    tests: ['test/auth/authenticate-api-key.test.ts'],
  },
  {
    why: 'a key may what its user may, whatever it was made for',
    file: 'src/store/actors.ts',
    find: 'if (apiKeyId === undefined) return held',
    replace: "if (apiKeyId !== '') return held",
    tests: ['test/auth/authenticate-api-key.test.ts', 'test/http/require-permission.test.ts'],
  },
  {
    why: 'a key is made for more than its user may',
    file: 'src/store/api-keys.ts',
    find: '${callerLives(caller, moment)} and ${isHeld} and not',
    replace: '${callerLives(caller, moment)} and not',
    tests: ['test/auth/api-keys.test.ts'],
  },
  {
    why: 'a key of somebody else can be revoked',
    file: 'src/store/api-keys.ts',
    find: 'id = ${id} and user_id = ${caller.userId} and revoked_at',
    replace: 'id = ${id} and revoked_at',
    tests: ['test/auth/api-keys.test.ts'],
  },
]
