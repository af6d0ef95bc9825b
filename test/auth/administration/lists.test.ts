import { beforeAll, describe, expect, test } from 'vitest'
import { AuditEventList, RoleList, UserList } from '../../../src/http/administration-wire'
import { grantRoles, insertRole, signUpHolder } from '../../platform/administrators'
import { createClient, refusal } from '../../platform/client'
import { newEmail, PASSWORD, signUpPerson } from '../../platform/people'
import { rows } from '../../platform/records'

const client = createClient()

let token: string
const MARK = crypto.randomUUID()
const ROLE = `list-${MARK}`

// 25 users: those of even number are disabled, every fifth holds the role, two share each creation time.
beforeAll(async () => {
  await rows(
    `with recursive n(i) as (select 0 union all select i + 1 from n where i < 24)
      insert into users (id, email, email_normalized, is_active, auth_epoch, created_at, updated_at)
      select printf('00000000-%s-%02d', ?1, i), printf('List.%02d-%s@Example.com', i, ?1),
        printf('list.%02d-%s@example.com', i, ?1), i % 2, 1, 1000 + i / 2, 0 from n`,
    MARK,
  )
  await rows(`insert into roles (id, name, description) values (?1, ?1, '')`, ROLE)
  await rows(
    `insert into user_roles select id, ?, null, 0 from users
      where email_normalized like ? and substr(email, 6, 2) % 5 = 0`,
    ROLE,
    `list.%${MARK}%`,
  )
})

async function page(path: string) {
  token ??= (await signUpHolder('admin')).token
  const answer = await client.get(path, { token })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  expect(answer.cost.d1).toBe(1)
  return answer.body
}

/** The numbers of the users listed, over all pages. */
async function walk(query: string, limit: number): Promise<readonly number[]> {
  const found: number[] = []
  let cursor: string | null = null
  do {
    const next = cursor ? `&cursor=${cursor}` : ''
    const { users, next_cursor } = UserList().parse(
      await page(`/admin/users?${query}&limit=${limit}${next}`),
    )
    expect(users.length).toBeLessThanOrEqual(limit)
    found.push(...users.map(({ email }) => Number(email.slice(5, 7))))
    cursor = next_cursor
  } while (cursor)
  return found
}

const numbers = (condition: (n: number) => boolean) =>
  Array.from({ length: 25 }, (_, n) => n).filter(condition)
const OLD = 'created_to=1970-01-01T00:00:02Z'

describe('users', () => {
  test.each([1, 4, 24, 25, 26, 100])('pages of %d hold everybody once, in order', async (limit) => {
    expect(await walk(OLD, limit)).toEqual(numbers(() => true).toReversed())
    expect(await walk('email=LIST.', limit)).toEqual(numbers(() => true))
    expect(await walk(`role=${ROLE}`, limit)).toEqual(numbers((n) => n % 5 === 0).toReversed())
  })

  test.each([
    [`${OLD}&status=disabled`, numbers((n) => n % 2 === 0).toReversed()],
    [`${OLD}&status=active`, numbers((n) => n % 2 === 1).toReversed()],
    [`${OLD}&created_from=1970-01-01T00:00:01.005Z`, numbers((n) => n >= 10).toReversed()],
    ['created_to=1970-01-01T00:00:01.005Z', numbers((n) => n < 10).toReversed()],
    ['email=list.1', numbers((n) => n >= 10 && n < 20)],
    ['email=list.1&status=active', numbers((n) => n >= 10 && n < 20 && n % 2 === 1)],
    [`email=list.1&role=${ROLE}`, [10, 15]],
    [`role=${ROLE}&status=disabled`, [20, 10, 0]],
    [`role=${ROLE}&${OLD}&created_from=1970-01-01T00:00:01.005Z`, [20, 15, 10]],
    ['role=no-such-role', []],
    ['email=%25', []],
    ['email=list_', []],
  ])('%s', async (query, expected) => {
    expect(await walk(query, 3)).toEqual(expected)
  })

  test('somebody who comes or goes between two pages moves nobody else', async () => {
    const first = UserList().parse(await page(`/admin/users?${OLD}&limit=5`))
    const last = first.users.at(-1)
    await rows('delete from users where id = ?', last?.id)
    await signUpPerson(client)
    const second = UserList().parse(
      await page(`/admin/users?${OLD}&limit=5&cursor=${first.next_cursor}`),
    )
    const seen = [...first.users, ...second.users].map(({ email }) => Number(email.slice(5, 7)))
    expect(seen).toEqual(numbers((n) => n >= 15).toReversed())
    await rows(
      `insert into users (id, email, email_normalized, is_active, auth_epoch, created_at, updated_at)
        values (?1, ?2, lower(?2), 0, 1, ?3, 0)`,
      last?.id,
      last?.email,
      Date.parse(last?.created_at ?? ''),
    )
    await grantRoles(last?.id ?? '', ROLE)
  })

  test('a cursor of another list, or of another order, is refused', async () => {
    const { next_cursor } = UserList().parse(await page(`/admin/users?${OLD}&limit=1`))
    for (const path of [
      `/admin/users?email=list&cursor=${next_cursor}`,
      `/admin/users?role=${ROLE}&cursor=${next_cursor}`,
      `/admin/roles?cursor=${next_cursor}`,
      `/admin/audit-events?cursor=${next_cursor}`,
      '/admin/users?created_from=yesterday',
      '/admin/users?status=asleep',
    ]) {
      expect(refusal(await client.get(path, { token })), path).toBe('400 validation_failed')
    }
  })

  test('a cursor of another prefix leads nowhere outside of this one', async () => {
    const { next_cursor } = UserList().parse(await page('/admin/users?email=list.0&limit=1'))
    const query = `email=list.2&cursor=${next_cursor}`
    const { users } = UserList().parse(await page(`/admin/users?${query}`))
    expect(users.map(({ email }) => email.slice(0, 7))).toEqual(
      [20, 21, 22, 23, 24].map((n) => `List.${n}`),
    )
  })

  test('an answer has no hash in it', async () => {
    const text = JSON.stringify(await page('/admin/users'))
    expect(text).not.toMatch(/pbkdf2|password|normalized/)
  })
})

test('roles and permissions are paged by name', async () => {
  const { name } = await insertRole('paging:one', 'paging:two')
  const names: string[] = []
  let cursor = ''
  do {
    const body: unknown = await page(`/admin/roles?limit=2${cursor}`)
    const { roles, next_cursor } = RoleList().parse(body)
    names.push(...roles.map((role) => role.name))
    cursor = next_cursor ? `&cursor=${next_cursor}` : ''
  } while (cursor)
  const all = await rows('select name from roles order by name')
  expect(names).toEqual(all.map((role) => role['name']))
  expect(names).toContain(name)
  const { roles } = RoleList().parse(await page('/admin/roles?limit=100'))
  const builtIn = roles.filter(({ built_in }) => built_in).map((role) => role.name)
  expect(builtIn).toEqual(['admin', 'analyst', 'user'])
  expect(await page('/admin/permissions?limit=1')).toMatchObject({
    permissions: [{ name: 'audit_events:read', built_in: true }],
    next_cursor: expect.any(String),
  })
})

describe('audit events', () => {
  const listed = async (query: string) =>
    AuditEventList().parse(await page(`/admin/audit-events?${query}`)).audit_events

  test('by user, actor, type, outcome and time, the last first', async () => {
    const admin = await signUpHolder('admin')
    const person = await signUpPerson(client)
    const body = { email: person.email, password: 'not the password' }
    await client.post('/auth/login', { body })
    await client.post(`/admin/users/${person.userId}/disable`, { token: admin.token })
    const types = async (query: string) => (await listed(query)).map(({ type }) => type)
    const user = `user=${person.userId}`
    const all = ['user_disabled', 'login_failed', 'user_signed_up']
    expect(await types(user)).toEqual(all)
    expect(await types(`${user}&outcome=failure`)).toEqual(['login_failed'])
    expect(await types(`${user}&type=user_disabled`)).toEqual(['user_disabled'])
    expect(await types(`actor=${admin.userId}`)).toEqual(['user_disabled'])
    const [now, later] = [Date.now(), Date.now() + 1].map((time) => new Date(time).toISOString())
    expect(await types(`${user}&from=${now}&to=${later}`)).toEqual(all)
    expect(await types(`${user}&to=${now}`)).toEqual([])
    expect(await types(`${user}&from=${later}`)).toEqual([])
    expect(await types(`to=1970-01-01T00:00:00Z`)).toEqual([])

    const [disabled] = await listed(`${user}&type=user_disabled`)
    expect(disabled).toMatchObject({
      outcome: 'success',
      actor_id: admin.userId,
      subject_id: person.userId,
      personal: { ip: '192.0.2.1', user_agent: 'test-agent/1', detail: {} },
    })
  })

  test('events that were committed in another order than they began', async () => {
    const subject = crypto.randomUUID()
    const time = Date.now()
    for (const occurredAt of [time + 200, time, time + 100]) {
      await rows(
        `insert into audit_events (id, occurred_at, type, outcome, subject_id, personal_digest)
          values (?, ?, 'logged_out', 'success', ?, '')`,
        crypto.randomUUID(),
        occurredAt,
        subject,
      )
    }
    const iso = (offset: number) => new Date(time + offset).toISOString()
    const found = async (from: number, to: number) =>
      (await listed(`user=${subject}&from=${iso(from)}&to=${iso(to)}`)).map(
        ({ occurred_at }) => Date.parse(occurred_at) - time,
      )
    expect(await found(-1000, 60_000)).toEqual([100, 0, 200])
    expect(await found(0, 200)).toEqual([100, 0])
    expect(await found(100, 201)).toEqual([100, 200])
  })

  test('pages go on where the one before ended', async () => {
    const person = await signUpPerson(client)
    for (let login = 0; login < 4; login++) {
      await client.post('/auth/login', { body: { email: person.email, password: PASSWORD } })
    }
    const seqs: number[] = []
    let cursor = ''
    do {
      const query = `user=${person.userId}&limit=2${cursor}`
      const body: unknown = await page(`/admin/audit-events?${query}`)
      const { audit_events, next_cursor } = AuditEventList().parse(body)
      seqs.push(...audit_events.map(({ seq }) => seq))
      cursor = next_cursor ? `&cursor=${next_cursor}` : ''
    } while (cursor)
    const all = await rows(
      'select seq from audit_events where subject_id = ? order by seq desc',
      person.userId,
    )
    expect(seqs).toEqual(all.map(({ seq }) => seq))
    expect(seqs).toHaveLength(5)
  })

  test('what was erased or spoilt hides nothing else', async () => {
    const { userId } = await signUpPerson(client)
    const set = (part: 'personal' | 'subject_personal', text: string | null) =>
      rows(`update audit_events set ${part} = ? where subject_id = ?`, text, userId)
    const shown = async () => {
      const [event] = await listed(`user=${userId}`)
      return { personal: event?.personal, erased: event?.erased }
    }
    const from = { ip: '192.0.2.1', user_agent: 'test-agent/1', client_request_id: null }
    expect(await shown()).toEqual({ personal: { ...from, detail: {} }, erased: [] })
    await set('subject_personal', null)
    expect(await shown()).toEqual({ personal: { ...from, detail: {} }, erased: ['subject'] })
    await set('personal', null)
    expect(await shown()).toEqual({ personal: null, erased: ['actor', 'subject'] })
    await set('subject_personal', '{"detail":{"a":"b"}}')
    expect(await shown()).toMatchObject({ personal: { ip: null, detail: { a: 'b' } } })
    expect(await shown()).toMatchObject({ erased: ['actor'] })
    await set('personal', '{')
    expect(await shown()).toMatchObject({ personal: { detail: { unreadable: '{', a: 'b' } } })
  })

  test('an event that was recorded before there were two parts', async () => {
    const subject = crypto.randomUUID()
    const personal = { ip: '192.0.2.7', user_agent: 'old', detail: { reason: 'wrong_password' } }
    await rows(
      `insert into audit_events (id, occurred_at, type, outcome, subject_id, personal, personal_salt, personal_digest)
        values (?, ?, 'login_failed', 'failure', ?, ?, '', '')`,
      crypto.randomUUID(),
      Date.now(),
      subject,
      JSON.stringify(personal),
    )
    expect(await listed(`user=${subject}`)).toMatchObject([
      { personal: { ...personal, client_request_id: null }, erased: [] },
    ])
    await rows('update audit_events set personal = null where subject_id = ?', subject)
    expect(await listed(`user=${subject}`)).toMatchObject([
      { personal: null, erased: ['actor', 'subject'] },
    ])
  })

  test('a failed login of nobody is there too', async () => {
    await client.post('/auth/login', { body: { email: newEmail(), password: PASSWORD } })
    const [event] = await listed('type=login_failed&limit=1')
    expect(event).toMatchObject({ subject_id: null, actor_id: null, outcome: 'failure' })
  })
})
