import type { AuthContext } from '../auth/auth-context'
import { type Config, configOf } from '../config'
import { importSigningKeys, type SigningKeys } from '../crypto/signing-keys'
import { errorFields, type Logger } from '../log'
import { openDatabase } from '../store/database'
import { clientOf } from './client-address'
import { factory } from './factory'

const importedKeys = new WeakMap<Config, SigningKeys>()

/** The only reader of bindings: `env` → what the use-cases work with. */
export async function createAuthContext(
  env: CloudflareBindings,
  edge: Pick<AuthContext, 'log' | 'now' | 'requestId' | 'client'> & {
    waitUntil: (work: Promise<unknown>) => void
  },
): Promise<AuthContext> {
  const { waitUntil, ...given } = edge
  const config = configOf(env)
  return {
    ...given,
    config,
    keys: await signingKeysOf(config),
    db: openDatabase(env.DB),
    markers: env.REVOCATIONS,
    defer: (work) => waitUntil(logged(work, given.log)),
  }
}

export const provideAuthContext = factory.createMiddleware(async (c, next) => {
  const { log, now, requestId } = c.var
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work)
  const client = clientOf(c.req.raw.headers)
  c.set('auth', await createAuthContext(c.env, { log, now, requestId, client, waitUntil }))
  await next()
})

async function signingKeysOf(config: Config): Promise<SigningKeys> {
  const known = importedKeys.get(config)
  if (known) return known
  const keys = await importSigningKeys(config.secrets)
  importedKeys.set(config, keys)
  return keys
}

async function logged(work: () => Promise<void>, log: Logger): Promise<void> {
  try {
    await work()
  } catch (error) {
    log.error('deferred_work_failed', errorFields(error))
  }
}
