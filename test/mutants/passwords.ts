import type { Mutation } from './mutation'

export const PASSWORDS_MUTATIONS: readonly Mutation[] = [
  {
    why: 'a password hash has no pepper',
    file: 'src/crypto/password.ts',
    find: 'hmac(derivation.pepper,',
    replace: 'hmac(new Uint8Array(32),',
    tests: ['test/crypto/password.test.ts'],
  },
  {
    why: 'nothing is derived for who is not there',
    file: 'src/crypto/password.ts',
    find: '  const tag = await deriveTag(password, own',
    replace: '  if (!stored) return false\n  const tag = await deriveTag(password, own',
    tests: ['test/budget.test.ts'],
  },
  {
    why: 'a password hash is compared in a time that tells',
    file: 'src/crypto/password.ts',
    find: 'crypto.subtle.timingSafeEqual(tag, own?.tag ?? new Uint8Array(TAG_BYTES))',
    replace: 'tag.toHex() === own?.tag.toHex()',
    tests: ['test/crypto/password.test.ts'],
  },
  {
    why: 'a row can ask for more iterations than production gives',
    file: 'src/crypto/password-hash.ts',
    find: ' || iterations > ITERATION_CEILING',
    replace: '',
    tests: ['test/crypto/password.test.ts'],
  },
  {
    why: 'production takes cheap hashes',
    file: 'src/config.ts',
    find: 'variables.PASSWORD_ITERATIONS !== 100_000',
    replace: 'variables.PASSWORD_ITERATIONS < 10_000',
    tests: ['test/config.test.ts'],
  },
  {
    why: 'a login begins a session with a password that was changed meanwhile',
    file: 'src/store/logins.ts',
    find: 'is_active = 1 and password_hash = ${passwordHash.verified}',
    replace: 'is_active = 1',
    tests: ['test/auth/log-in.test.ts'],
  },
  {
    why: 'a password is changed though it was changed meanwhile',
    file: 'src/store/credentials.ts',
    find: 'id = ${userId} and password_hash = ${passwordHash.verified} and ${callerLives(caller, moment)}',
    replace: 'id = ${userId} and ${callerLives(caller, moment)}',
    tests: ['test/auth/change-password.test.ts'],
  },
  {
    why: 'a password is changed by a session that has ended',
    file: 'src/store/credentials.ts',
    find: '${passwordHash.verified} and ${callerLives(caller, moment)}',
    replace: '${passwordHash.verified}',
    tests: ['test/auth/change-password.test.ts'],
  },
  {
    why: 'an account is deleted though its password was changed meanwhile',
    file: 'src/store/account-deletion.ts',
    find: 'and password_hash = ${passwordHash} and not',
    replace: 'and not',
    tests: ['test/auth/own-account.test.ts'],
  },
  {
    why: 'a password reset ends no session',
    file: 'src/store/credentials.ts',
    find: "revokedReason: 'password_reset' })\n      .where(sql`user_id = ${userId}",
    replace:
      "revokedReason: 'password_reset' })\n      .where(sql`user_id = '' and user_id = ${userId}",
    tests: ['test/auth/reset-password.test.ts'],
  },
  {
    why: 'guesses at one account from one place are not slowed',
    file: 'src/auth/guess-limits.ts',
    find: 'limit: 5, challengeAfter: 3',
    replace: 'limit: 500, challengeAfter: 3',
    tests: ['test/attacks/guessing.test.ts'],
  },
  {
    why: 'guesses at one account from many places are not counted',
    file: 'src/auth/guess-limits.ts',
    find: 'email: { windowMs: HOUR_MS, limit: 100, challengeAfter: 10 }',
    replace: 'email: { windowMs: HOUR_MS, limit: 100_000, challengeAfter: 10 }',
    tests: ['test/attacks/guessing-widely.test.ts'],
  },
]
