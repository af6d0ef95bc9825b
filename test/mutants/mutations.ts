import { ADMINISTRATION_MUTATIONS } from './administration.ts'
import { AUDIT_MUTATIONS } from './audit.ts'
import { EDGES_MUTATIONS } from './edges.ts'
import { GUESSES_MUTATIONS } from './guesses.ts'
import { KEYS_MUTATIONS } from './keys.ts'
import { LINKS_MUTATIONS } from './links.ts'
import { MAILS_MUTATIONS } from './mails.ts'
import type { Mutation } from './mutation.ts'
import { PASSWORDS_MUTATIONS } from './passwords.ts'
import { SESSIONS_MUTATIONS } from './sessions.ts'
import { TOKENS_MUTATIONS } from './tokens.ts'

export const MUTATIONS: readonly Mutation[] = [
  ...TOKENS_MUTATIONS,
  ...PASSWORDS_MUTATIONS,
  ...GUESSES_MUTATIONS,
  ...SESSIONS_MUTATIONS,
  ...LINKS_MUTATIONS,
  ...MAILS_MUTATIONS,
  ...KEYS_MUTATIONS,
  ...ADMINISTRATION_MUTATIONS,
  ...EDGES_MUTATIONS,
  ...AUDIT_MUTATIONS,
]
