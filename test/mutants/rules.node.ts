import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mutantsOf } from '../../scripts/mutants/generate.ts'

// Run by `npm run check`, in Node: the parser is native code.

function breaks(file: string, source: string) {
  return mutantsOf(file, source).map(({ was, text }) => `${was} → ${text}`)
}

const sql = (text: string) => breaks('src/store/x.ts', `const x = sql\`${text}\``)

describe('conditions of SQL', () => {
  test('each conjunct is dropped, also in parentheses and subqueries', () => {
    assert.deepEqual(sql('id = ${a} and (b = 1 and exists (select 1 from t where c = ${d}))'), [
      'id = ${a} → true',
      '(b = 1 and exists (select 1 from t where c = ${d})) → true',
      'b = 1 → true',
      'exists (select 1 from t where c = ${d}) → true',
      'c = ${d} → true',
    ])
  })

  test('each disjunct is false, and the conjuncts in it are dropped', () => {
    assert.deepEqual(sql('a = 1 or b = 2 and c = 3'), [
      'a = 1 → false',
      'b = 2 → true',
      'b = 2 and c = 3 → false',
      'c = 3 → true',
    ])
  })

  test('a case, a list and a join end a condition', () => {
    assert.deepEqual(sql('case when a and b then 1 else 2 end, c'), ['a → true', 'b → true'])
    assert.deepEqual(sql('from t join u on a = 1 and b = 2 where c = 1 order by d'), [
      'a = 1 → true',
      'b = 2 → true',
      'c = 1 → true',
    ])
  })

  test('holes are whole, whatever stands in them', () => {
    assert.deepEqual(sql('${f({ a: 1 })} and not ${g`${h}`}'), [
      '${f({ a: 1 })} → true',
      'not ${g`${h}`} → true',
    ])
  })

  test('a bound is moved by one', () => {
    assert.deepEqual(sql('at >= ${now}'), ['>= → >'])
    assert.deepEqual(sql('a <> 1'), [])
  })
})

test('a guard that is handed on is dropped', () => {
  assert.deepEqual(
    breaks(
      'src/store/x.ts',
      'insertWhere(db, t, v, isNewest(event)); revokeWhere(a, now); and(x, y)',
    ),
    ['isNewest(event) → sql`true`', 'x → sql`true`', 'y → sql`true`'],
  )
})

test('options and checks of a verification are left out', () => {
  const source = `async function f(t) {
    const options = { issuer, algorithms: ['HS256'] }
    const found = await jwtVerify(t, key, options)
    if (!found) return null
    return a && b
  }`
  assert.deepEqual(breaks('src/crypto/x.ts', source), [
    'issuer, → ',
    "algorithms: ['HS256'] → ",
    '!found → false',
    'a → true',
    'b → true',
  ])
})

test('headers and attributes of cookies are left out', () => {
  const source = `const HEADERS = { 'X-Frame-Options': 'DENY', other: 1 }
    const HOST_COOKIE = { secure: true, path: '/' }
    setCookie(c, NAME, token, { ...HOST_COOKIE, maxAge: 60 })
    c.header('Vary', 'Origin')`
  assert.deepEqual(breaks('src/http/x.ts', source), [
    "'X-Frame-Options': 'DENY', → ",
    'secure: true, → ',
    "path: '/' → ",
    '...HOST_COOKIE, → ',
    'maxAge: 60 → ',
    '60 → (60) * 2',
    "c.header('Vary', 'Origin') → ;",
  ])
})

test('what is published is not, or is not waited for', () => {
  assert.deepEqual(breaks('src/auth/x.ts', 'async () => { await publishRevocations(c, r)\n }'), [
    'await publishRevocations(c, r) → ;',
    'await publishRevocations(c, r) → void publishRevocations(c, r)',
  ])
})

test('a window is twice as long, and its bound moved', () => {
  assert.deepEqual(
    breaks('src/auth/x.ts', 'const PAUSE_MS = 60 * 1000\nconst isOver = endsAt <= now'),
    ['60 * 1000 → (60 * 1000) * 2', 'endsAt <= now → endsAt < now'],
  )
})

test('the same place has the same id wherever it moves in its file', () => {
  const [before] = mutantsOf('src/store/x.ts', 'const x = sql`a and b`')
  const [after] = mutantsOf('src/store/x.ts', '// more\nconst x = sql`a and b`')
  assert.equal(before?.id, after?.id)
  assert.notEqual(before?.line, after?.line)
})
