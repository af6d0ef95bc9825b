import type { Mutation } from './mutation'

export const TOKENS_MUTATIONS: readonly Mutation[] = [
  {
    why: 'the header need not say what kind of token it is',
    file: 'src/crypto/token.ts',
    find: ', typ, issuer, audience,',
    replace: ', issuer, audience,',
    tests: ['test/attacks/tokens.test.ts'],
  },
  {
    why: 'a token for another audience is taken',
    file: 'src/crypto/token.ts',
    find: ' typ, issuer, audience, currentDate',
    replace: ' typ, issuer, currentDate',
    tests: ['test/attacks/tokens.test.ts'],
  },
  {
    why: 'a token of alg none is taken',
    file: 'src/crypto/token.ts',
    find: '    return (await jwtVerify(token, key, options)).payload',
    replace:
      "    if (decodeProtectedHeader(token).alg === 'none') return JSON.parse(atob(token.split('.')[1] ?? ''))\n    return (await jwtVerify(token, key, options)).payload",
    tests: ['test/attacks/tokens.test.ts'],
  },
  {
    why: 'an expired token is good for everything',
    file: 'src/crypto/token.ts',
    find: 'if (acceptExpired && error',
    replace: 'if (error',
    tests: ['test/attacks/tokens.test.ts'],
  },
  {
    why: 'an ending takes any token that is signed, whatever it claims',
    file: 'src/crypto/token.ts',
    find: 'error instanceof errors.JWTExpired',
    replace: "'payload' in Object(error)",
    tests: ['test/auth/log-out.test.ts', 'test/crypto/tokens.test.ts'],
  },
  {
    why: 'both kinds of token have one key',
    file: 'src/crypto/signing-keys.ts',
    find: "hmacKey('refresh token')",
    replace: "hmacKey('access token')",
    tests: ['test/crypto/tokens.test.ts'],
  },
  {
    why: 'tokens from before a leak go on',
    file: 'src/crypto/token.ts',
    find: ' || iat * 1000 < notBefore',
    replace: '',
    tests: ['test/http/well-known.test.ts'],
  },
  {
    why: 'the token of a link is good for every purpose',
    file: 'src/crypto/one-time-token.ts',
    find: '`${purpose}\\0${id}`',
    replace: 'id',
    tests: ['test/crypto/one-time-token.test.ts'],
  },
  {
    why: 'the token of a link is compared in a time that tells',
    file: 'src/crypto/one-time-token.ts',
    find: 'crypto.subtle.timingSafeEqual(encoder.encode(one), encoder.encode(other))',
    replace: 'one === other || encoder === null',
    tests: ['test/crypto/one-time-token.test.ts'],
  },
  {
    why: 'the replaced system may sign with other algorithms',
    file: 'src/crypto/legacy-token.ts',
    find: "algorithms: ['HS256']",
    replace: "algorithms: ['HS256', 'HS512']",
    tests: ['test/crypto/legacy-token.test.ts'],
  },
  {
    why: 'a token of the replaced system opens an account made here',
    file: 'src/auth/legacy-access.ts',
    find: ' || account.authEpoch > 0',
    replace: '',
    tests: ['test/auth/legacy-access.test.ts'],
  },
  {
    why: 'tokens of the replaced system are taken for ever',
    file: 'src/auth/authenticate.ts',
    find: 'token && now < until',
    replace: 'token && secret',
    tests: ['test/auth/legacy-access.test.ts'],
  },
]
