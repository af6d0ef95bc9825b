import type { Mutation } from './mutation'

export const EDGES_MUTATIONS: readonly Mutation[] = [
  {
    why: 'the cookie is taken from any origin',
    file: 'src/http/refresh-cookie.ts',
    find: 'if (!isOwn || c.req',
    replace: 'if (c.req',
    tests: ['test/http/refresh-cookie.test.ts'],
  },
  {
    why: 'the cookie is taken across sites',
    file: 'src/http/refresh-cookie.ts',
    find: " || c.req.header('Sec-Fetch-Site') === 'cross-site'",
    replace: '',
    tests: ['test/http/refresh-cookie.test.ts'],
  },
  {
    why: 'the cookie is taken with a form',
    file: 'src/http/refresh-cookie.ts',
    find: "if (!JSON_TYPE.test(c.req.header('Content-Type') ?? '')) {",
    replace: "if (c.req.header('Content-Type') === '') {",
    tests: ['test/http/refresh-cookie.test.ts'],
  },
  {
    why: 'scripts can read the cookie',
    file: 'src/http/refresh-cookie.ts',
    find: 'httpOnly: true',
    replace: 'httpOnly: false',
    tests: ['test/http/refresh-cookie.test.ts'],
  },
  {
    why: 'a token that came in the cookie is answered in the body',
    file: 'src/http/refresh-cookie.ts',
    find: "inCookie === undefined ? (body.transport ?? 'body') : 'cookie'",
    replace: "(body.transport ?? 'body')",
    tests: ['test/http/refresh-cookie.test.ts'],
  },
  {
    why: 'a fault tells what it was',
    file: 'src/http/refusal.ts',
    find: "return { code: 'internal_error' }",
    replace:
      "return { code: 'internal_error', errors: [{ path: '', message: String(error.cause ?? error) }] }",
    tests: ['test/http/logs.test.ts'],
  },
  {
    why: 'the error of a database is told in its own words',
    file: 'src/store/database.ts',
    find: "${known?.[0] ?? 'unrecognised error'}",
    replace: '${text}',
    tests: ['test/http/logs.test.ts', 'test/store/database.test.ts'],
  },
  {
    why: 'a caller makes up whom requests are counted for',
    file: 'src/http/client-address.ts',
    find: "const ip = headers.get('CF-Connecting-IP') ?? ''",
    replace: "const ip = headers.get('X-Forwarded-For') ?? headers.get('CF-Connecting-IP') ?? ''",
    tests: ['test/http/rate-limit.test.ts'],
  },
  {
    why: 'logins are not counted',
    file: 'src/http/rate-limit.ts',
    find: "'POST /auth/login': ['RATE_LIMIT_CREDENTIALS']",
    replace: "'POST /auth/login': []",
    tests: ['test/http/rate-limit.test.ts'],
  },
  {
    why: 'a body of any size is read',
    file: 'src/http/whole-body.ts',
    find: '16 * 1024',
    replace: '16 * 1024 * 1024',
    tests: ['test/attacks/bodies.test.ts'],
  },
  {
    why: 'a change that fails for good is tried for ever',
    file: 'src/store/database.ts',
    find: 'if (expired || !PASSING',
    replace: 'if (!PASSING',
    tests: ['test/store/database.test.ts'],
  },
]
