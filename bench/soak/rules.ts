interface Rule {
  readonly name: string
  /** What it is about, and the rows of which there must be none. */
  readonly looked: string
  readonly broken: string
}

/** The events that tell of the beginning of a session, and of the end of one by one of its tokens. */
const BEGINNINGS = "'login_succeeded', 'user_signed_up'"
const tellOf = (types: string) =>
  `(select session_id, count(*) as n from audit_events where type in (${types}) group by session_id)`

/** What must hold of the rows, whatever the clients did. */
export const RULES: readonly Rule[] = [
  {
    name: 'every user has a role',
    looked: 'users',
    broken: 'select id from users where id not in (select user_id from user_roles)',
  },
  {
    name: 'no session is anybody else’s or nobody’s',
    looked: 'user_sessions',
    broken: 'select id from user_sessions where user_id not in (select id from users)',
  },
  {
    name: 'every session began once, and one event tells of it',
    looked: 'user_sessions',
    broken: `select id, n from user_sessions left join ${tellOf(BEGINNINGS)} on session_id = id
      where n is not 1`,
  },
  {
    name: 'nobody has more than 50 live sessions',
    looked: 'users',
    broken: `select user_id, count(*) as live from user_sessions where revoked_at is null
      group by user_id having live > 50`,
  },
  {
    name: 'no refresh token is its own predecessor',
    looked: 'user_sessions where rotated_at is not null',
    broken: `select id from user_sessions where refresh_token_hash = previous_refresh_token_hash`,
  },
  {
    name: 'every reuse ended one session, and one event tells of it',
    looked: "user_sessions where revoked_reason = 'reuse'",
    broken: `select id, revoked_reason, n from user_sessions
      full join ${tellOf("'refresh_token_reused'")} on session_id = id
      where (revoked_reason is 'reuse') <> (n is 1)
        and (id is not null or session_id in (select session_id from audit_events
          where subject_id in (select id from users)))`,
  },
  {
    name: 'every logout ended one session, and one event tells of it',
    looked: "user_sessions where revoked_reason = 'logout'",
    broken: `select id, n from user_sessions left join ${tellOf("'logged_out'")} on session_id = id
      where revoked_reason = 'logout' and n is not 1 and not exists (select 1 from audit_events
        where subject_id = user_id and type = 'logged_out_everywhere'
          and occurred_at = revoked_at)`,
  },
  {
    name: 'nobody who is disabled has a live session',
    looked: 'users where is_active = 0',
    broken: `select user_sessions.id from user_sessions join users on users.id = user_id
      where is_active = 0 and revoked_at is null`,
  },
  {
    name: 'what ended alone is known to be revoked',
    looked:
      "user_sessions where revoked_reason in ('logout', 'reuse', 'session_limit', 'ended_by_user')",
    broken: `select id, revoked_reason from user_sessions
      where revoked_reason in ('logout', 'reuse', 'session_limit', 'ended_by_user')
        and 'revoked:session:' || id not in (select key from revocations)
        and not exists (select 1 from audit_events
          where type in ('logged_out_everywhere', 'other_sessions_ended')
            and subject_id = user_id and occurred_at = revoked_at)`,
  },
  {
    name: 'what ended with others is known to be outdated',
    looked: `user_sessions where revoked_at is not null
      and revoked_reason not in ('logout', 'reuse', 'session_limit', 'ended_by_user')`,
    broken: `select id, revoked_reason from user_sessions where revoked_at is not null
      and revoked_reason not in ('logout', 'reuse', 'session_limit', 'ended_by_user')
      and 'revoked:user:' || user_id not in (select key from revocations)`,
  },
  {
    name: 'the marker of a user has their epoch',
    looked: "revocations where key like 'revoked:user:%'",
    broken: `select key, value, auth_epoch from users join revocations on key = 'revoked:user:' || id
      where json_extract(value, '$.epoch') <> auth_epoch`,
  },
  {
    name: 'every revocation is published',
    looked: 'revocations',
    broken: 'select key from revocations where published_at is null',
  },
  {
    name: 'events are numbered from 1, without a gap',
    looked: 'audit_events',
    broken: `select min(seq), max(seq), count(*) from audit_events
      having min(seq) <> 1 or max(seq) <> count(*)`,
  },
  {
    name: 'no two links of a user for the same can be used',
    looked: 'one_time_tokens',
    broken: `select user_id, count(*) as n from one_time_tokens where used_at is null
      group by user_id, purpose having n > 1`,
  },
  {
    name: 'no event waits to be told, and no mail but one whose sending was cut off',
    looked: 'outbox',
    broken: "select id, type, attempts from outbox where channel = 'event' or attempts <> 1",
  },
]
