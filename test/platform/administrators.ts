import { type Client, createClient } from './client'
import { logInAgain, signUpPerson } from './people'
import { row, rows } from './records'

/** A person who holds these roles besides `user`, with a token that says so. */
export async function signUpHolder(...roles: readonly string[]) {
  return holder(createClient(), roles)
}

/** A person who holds these permissions, by a role of the test's own, which is answered too. */
export async function signUpWith(...permissions: readonly string[]) {
  const role = await insertRole(...permissions)
  return { ...(await holder(createClient(), [role.name])), role }
}

/** A role made past the service. */
export async function insertRole(...permissions: readonly string[]) {
  const id = crypto.randomUUID()
  const name = `role-${id.slice(0, 13)}`
  await rows(`insert into roles (id, name, description) values (?, ?, '')`, id, name)
  for (const permission of permissions) {
    await rows(
      `insert into permissions (id, name, description) values (?, ?, '') on conflict do nothing`,
      crypto.randomUUID(),
      permission,
    )
    await rows(
      `insert into role_permissions select ?, id from permissions where name = ?`,
      id,
      permission,
    )
  }
  return { id, name }
}

export async function grantRoles(userId: string, ...roles: readonly string[]): Promise<void> {
  for (const role of roles) {
    await rows(
      `insert into user_roles select ?, id, null, 0 from roles where name = ?`,
      userId,
      role,
    )
  }
}

export async function roleId(name: string): Promise<string> {
  return String((await row('select id from roles where name = ?', name))['id'])
}

/** No other test's admin stands in for the one that a test is about. */
export async function withoutOtherAdmins(...userIds: readonly string[]): Promise<void> {
  await rows(
    `delete from user_roles where role_id = (select id from roles where name = 'admin')
      and user_id not in (select value from json_each(?))`,
    JSON.stringify(userIds),
  )
}

async function holder(client: Client, roles: readonly string[]) {
  const person = await signUpPerson(client)
  await grantRoles(person.userId, ...roles)
  const session = await logInAgain(client, person)
  return { ...person, session, token: session.access_token }
}
