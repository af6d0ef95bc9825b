import { type Query, quoted } from './database.ts'
import { writeUserLine } from './user-line.ts'

const PAGE = 5000

/** Every account, as lines that can be imported. */
export async function* exportUsers(query: Query, withHashes: boolean): AsyncIterable<string> {
  const hash = withHashes ? ', password_hash' : ''
  for (let after = ''; ; ) {
    const [page = []] =
      await query(`select id, email, name, is_active, email_verified_at, created_at,
      last_login_at${hash}, (select json_group_array(name) from (select roles.name as name from user_roles
        join roles on roles.id = role_id where user_id = users.id order by roles.name)) as roles
      from users where id > ${quoted(after)} order by id limit ${PAGE}`)
    for (const row of page) yield writeUserLine(row, withHashes)
    const last = page.at(-1)?.['id']
    if (page.length < PAGE || last === undefined) return
    after = String(last)
  }
}
