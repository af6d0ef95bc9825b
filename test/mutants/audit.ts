import type { Mutation } from './mutation'

export const AUDIT_MUTATIONS: readonly Mutation[] = [
  {
    why: 'an event does not hang on those before it',
    file: 'src/auth/audit-seal.ts',
    find: 'sha256(head + digest)',
    replace: 'sha256(digest)',
    tests: ['test/auth/audit-seal.test.ts'],
  },
  {
    why: 'a checkpoint of others is gone on from',
    file: 'src/auth/seal-audit-events.ts',
    find: 'if (last && !(await isAuthentic(last, context)))',
    replace: 'if (last === undefined)',
    tests: ['test/auth/audit-seal.test.ts'],
  },
  {
    why: 'a chain without the noted head is gone on from',
    file: 'src/auth/seal-audit-events.ts',
    find: 'if (noted === null || (await hasHead(db, noted))) return true',
    replace: "if (noted !== '' || (await hasHead(db, noted))) return true",
    tests: ['test/auth/audit-seal.test.ts'],
  },
  {
    why: 'what others made look old is signed for',
    file: 'src/auth/prune-audit-events.ts',
    find: '!(await isAuthentic(found.prunable, context)) ||',
    replace: '',
    tests: ['test/auth/audit-retention.test.ts'],
  },
  {
    why: 'the checkpoint with the noted head goes',
    file: 'src/store/audit-checkpoints.ts',
    find: 'from_seq < ${noted})',
    replace: 'true)',
    tests: ['test/auth/audit-retention.test.ts'],
  },
  {
    why: 'what concerns a person can be guessed',
    file: 'src/auth/audit-event.ts',
    find: 'sha256(salt + text)',
    replace: 'sha256(text)',
    tests: ['test/auth/audit-personal.test.ts', 'test/auth/audit-seal.test.ts'],
  },
  {
    why: 'of who has left something is recorded',
    file: 'src/store/audit-events.ts',
    find: 'id ? sql`exists (select 1 from users where id = ${id})` : sql`true`',
    replace: 'sql`true`',
    tests: ['test/auth/own-account.test.ts', 'test/auth/audit-personal.test.ts'],
  },
  {
    why: 'the loser of two sealing runs notes its head',
    file: 'src/auth/seal-audit-events.ts',
    find: 'if (!(await insertCheckpoint(db, checkpoint))) return null',
    replace: 'await insertCheckpoint(db, checkpoint)',
    tests: ['test/auth/audit-seal.test.ts'],
  },
  {
    why: 'a batch that runs twice leaves a number out',
    file: 'src/store/audit-events.ts',
    find: ' and not exists (select 1 from audit_events where id = ${event.id})`',
    replace: '`',
    tests: ['test/trust/audit-gaps.test.ts'],
  },
]
