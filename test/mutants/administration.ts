import type { Mutation } from './mutation'

export const ADMINISTRATION_MUTATIONS: readonly Mutation[] = [
  {
    why: 'the last admin can be disabled',
    file: 'src/store/user-administration.ts',
    find: 'delete_at is not null) and not ${isLastAdmin}`,',
    replace: 'delete_at is not null)`,',
    tests: ['test/auth/administration/last-admin.test.ts'],
  },
  {
    why: 'the last admin can lose the role',
    file: 'src/store/user-administration.ts',
    find: 'sql`true` : sql`not ${isLastAdmin}`',
    replace: 'sql`true` : sql`true`',
    tests: ['test/auth/administration/last-admin.test.ts'],
  },
  {
    why: 'an account with more permissions can be changed',
    file: 'src/store/user-administration.ts',
    find: 'id = ${userId} and ${isWithinReach(actor)} and ${condition}',
    replace: 'id = ${userId} and ${condition}',
    tests: ['test/auth/administration/limits-of-an-actor.test.ts'],
  },
  {
    why: 'a role can be given that gives more than one’s own',
    file: 'src/store/user-administration.ts',
    find: ' and ${keepsAnAdmin} and ${mayGrant(actor, names)}',
    replace: ' and ${keepsAnAdmin}',
    tests: ['test/auth/administration/limits-of-an-actor.test.ts'],
  },
  {
    why: 'an account can be made with more permissions than one’s own',
    file: 'src/store/user-administration.ts',
    find: '${mayAct(actor, moment)} and ${mayGrant(actor, grant.names)}`',
    replace: '${mayAct(actor, moment)}`',
    tests: [
      'test/auth/administration/limits-of-an-actor.test.ts',
      'test/auth/administration/users.test.ts',
    ],
  },
  {
    why: 'users are changed by who may not',
    file: 'src/store/user-administration.ts',
    find: 'sql`${mayAct(actor, moment)} and exists (select 1 from users',
    replace: 'sql`exists (select 1 from users',
    tests: ['test/http/admin-matrix.test.ts'],
  },
  {
    why: 'what needs a permission is answered without',
    file: 'src/auth/require-permitted.ts',
    find: 'if (state?.isPermitted) return',
    replace: 'if (state) return',
    tests: ['test/http/admin-matrix.test.ts'],
  },
  {
    why: 'a refusal is not recorded',
    file: 'src/auth/require-permitted.ts',
    find: '    await recordEvent(context.db, event)\n',
    replace: '',
    tests: ['test/http/admin-matrix.test.ts'],
  },
  {
    why: 'an ended session goes on administering',
    file: 'src/store/actors.ts',
    find: 'where id = ${sessionId} and ${isLive(moment)})',
    replace: 'where id = ${sessionId})',
    tests: ['test/http/admin-matrix.test.ts', 'test/auth/administration/users.test.ts'],
  },
  {
    why: 'the role admin can be emptied',
    file: 'src/store/role-administration.ts',
    find: 'id = ${id} and name <> ${ADMIN_ROLE} and',
    replace: 'id = ${id} and',
    tests: ['test/auth/administration/roles.test.ts'],
  },
]
