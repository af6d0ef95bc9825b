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
    find: '        and ${isHeld} and not ${isFull}`,',
    replace: '        and not ${isFull}`,',
    tests: ['test/auth/api-keys.test.ts'],
  },
  {
    why: 'an ended session makes a key',
    file: 'src/store/api-keys.ts',
    find: 'sql`not ${isRecorded(event)} and ${callerLives(caller, moment)} and ${isProven}',
    replace: 'sql`not ${isRecorded(event)} and ${isProven}',
    tests: ['test/store/ended-callers.test.ts'],
  },
  {
    why: 'a key is made with a password that was changed meanwhile',
    file: 'src/store/api-keys.ts',
    find: '${callerLives(caller, moment)} and ${isProven}',
    replace: '${callerLives(caller, moment)}',
    tests: ['test/trust/api-keys.test.ts'],
  },
  {
    why: 'an old login is enough to make a key',
    file: 'src/auth/require-recent.ts',
    find: 'context.now - claims.auth_time * 1000 <= MAX_AGE_MS',
    replace: 'context.now >= claims.auth_time * 1000',
    tests: ['test/trust/api-keys.test.ts'],
  },
  {
    why: 'a key without an end never ends',
    file: 'src/store/api-keys.ts',
    find: '\n  and ${END} > ${now}',
    replace: '\n  and (api_keys.expires_at is null or ${END} > ${now})',
    tests: ['test/trust/api-keys.test.ts'],
  },
  {
    why: 'a key from before AUTH_NOT_BEFORE works',
    file: 'src/store/api-keys.ts',
    find: '\n  and api_keys.created_at >= ${notBefore}',
    replace: '',
    tests: ['test/trust/api-keys.test.ts'],
  },
  {
    why: 'a key of somebody else can be revoked',
    file: 'src/store/api-keys.ts',
    find: 'id = ${id} and user_id = ${caller.userId} and revoked_at',
    replace: 'id = ${id} and revoked_at',
    tests: ['test/auth/api-keys.test.ts'],
  },
]
