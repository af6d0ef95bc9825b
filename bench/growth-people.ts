import type { Served } from './serve.ts'

/** So many that nobody refreshes twice within the grace; none of them is disabled. */
const PEOPLE = 900

/** Somebody whose tokens can be used. */
export interface Person {
  readonly user_id: string
  readonly email: string
  readonly access_token: string
  readonly refresh_token: string
  readonly password: string
}

/** A place in the middle of what there is. */
export interface Middle {
  readonly id: string
  readonly createdAt: number
  readonly seq: number
}

export async function post<Answer>(url: string, body: object): Promise<Answer> {
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Answer
}

/** Of the password that everybody has, as the service stores it. */
export async function newPasswordHash({ url, db }: Served): Promise<string> {
  await post(`${url('floors')}/seed`, { users: 1 })
  const user = await db.prepare('select password_hash as hash from users').first<{ hash: string }>()
  await db.prepare('delete from users').run()
  if (!user) throw new Error('nobody was seeded')
  return user.hash
}

/** People of all times, with tokens for their last session. */
export async function adopt({ url, db }: Served, users: number): Promise<readonly Person[]> {
  const { results } = await db
    .prepare(
      `with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ?1)
        select id from n cross join users on users.rowid = i * ?2 + 1`,
    )
    .bind(PEOPLE, Math.floor(users / 1000))
    .all<{ id: string }>()
  const ids = results.map((row: { id: string }) => row.id)
  const { password, users: adopted } = await post<{
    password: string
    users: Omit<Person, 'password'>[]
  }>(`${url('floors')}/adopt`, { user_ids: ids })
  return adopted.map((person) => ({ ...person, password }))
}

/** The last whom `adopt` finds becomes an administrator. */
export async function makeAdmin({ db }: Served, users: number): Promise<void> {
  await db
    .prepare(
      `insert into user_roles select users.id, roles.id, null, 0
        from users cross join roles on roles.name = 'admin' where users.rowid = ?`,
    )
    .bind((PEOPLE - 1) * Math.floor(users / 1000) + 1)
    .run()
}

export async function middleOf({ db }: Served): Promise<Middle> {
  const middle = await db
    .prepare(
      `select id, created_at as createdAt, (select max(seq) / 2 from audit_events) as seq from users
        where rowid = (select max(rowid) / 2 from users)`,
    )
    .first<Middle>()
  if (!middle) throw new Error('nothing was filled in')
  return middle
}
