/** One user with one session, and what their client holds. */
export interface Seeded {
  readonly user_id: string
  readonly email: string
  readonly session_id: string
  readonly access_token: string
  readonly refresh_token: string
  readonly refresh_token_hash: string
}
