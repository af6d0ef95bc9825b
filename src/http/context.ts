import type { AuthContext } from '../auth/auth-context'
import { type Config, ConfigurationError, configOf } from '../config'
import { importSigningKeys, type SigningKeys } from '../crypto/signing-keys'
import { signWebhook } from '../crypto/webhook-signature'
import type { EventSink } from '../events/event-sink'
import { queueSink } from '../events/queue-sink'
import { webhookSink } from '../events/webhook-sink'
import { errorFields, type Logger } from '../log'
import { bindingSender } from '../mail/binding-sender'
import type { MailSender } from '../mail/mail-sender'
import { openDatabase } from '../store/database'
import { clientOf, sourceOf, widerSourcesOf } from './client-address'
import { presentedDevice } from './device-cookie'
import { factory, type OptionalBindings } from './factory'

/** What is known of a request before anything is asked. */
type Edge = Pick<
  AuthContext,
  | 'log'
  | 'now'
  | 'requestId'
  | 'clientRequestId'
  | 'client'
  | 'source'
  | 'widerSources'
  | 'device'
  | 'defer'
>

const importedKeys = new WeakMap<Config, SigningKeys>()

/** The only reader of bindings: `env` → what the use-cases work with. */
export async function createAuthContext(
  env: CloudflareBindings & OptionalBindings,
  edge: Edge,
): Promise<AuthContext> {
  const config = configOf(env)
  const keys = await signingKeysOf(config)
  const db = openDatabase(env.DB)
  const eventSinks = eventSinksOf(config, env.EVENTS)
  const mailSender = mailSenderOf(config, env.EMAIL, edge.log)
  return { ...edge, config, keys, db, markers: env.REVOCATIONS, eventSinks, mailSender }
}

// Where there is nothing to send with, a developer finds the link in the log; production does not start so.
function mailSenderOf(config: Config, binding: SendEmail | undefined, log: Logger): MailSender {
  if (binding && config.mailFrom) return bindingSender(binding, config.mailFrom)
  if (config.environment === 'production') {
    throw new ConfigurationError([{ variable: 'EMAIL', message: 'must be bound in production' }])
  }
  return async ({ subject, text }) => log.info('mail', { subject, text })
}

function eventSinksOf({ webhook }: Config, queue: Queue | undefined): readonly EventSink[] {
  return [
    ...(queue ? [queueSink(queue)] : []),
    ...(webhook
      ? [webhookSink(webhook.url, (content) => signWebhook(webhook.secrets, content))]
      : []),
  ]
}

export const provideAuthContext = factory.createMiddleware(async (c, next) => {
  const { log, now, requestId, clientRequestId } = c.var
  const { headers } = c.req.raw
  const source = sourceOf(headers)
  const edge = {
    client: clientOf(headers),
    source,
    widerSources: widerSourcesOf(source),
    device: presentedDevice(c),
  }
  const deferred: (() => Promise<void>)[] = []
  const defer = (work: () => Promise<void>) => void deferred.push(work)
  c.set(
    'auth',
    await createAuthContext(c.env, { log, now, requestId, clientRequestId, ...edge, defer }),
  )
  await next()
  if (deferred.length > 0) c.executionCtx.waitUntil(runAfterAnswer(deferred, log))
})

// A turn of the event loop later the answer is on its way, and nothing of this competes with it. Work may
// put off more work.
async function runAfterAnswer(deferred: (() => Promise<void>)[], log: Logger): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0))
  while (deferred.length > 0) {
    await Promise.all(deferred.splice(0).map((work) => runLogged('deferred_work', work, log)))
  }
}

/** Runs work that nobody waits for: what it throws is logged, as the failure of `name`. */
export async function runLogged(
  name: string,
  work: () => Promise<void>,
  log: Logger,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    log.error('background_work_failed', { work: name, ...errorFields(error) })
  }
}

async function signingKeysOf(config: Config): Promise<SigningKeys> {
  const known = importedKeys.get(config)
  if (known) return known
  const keys = await importSigningKeys(config.secrets, config.signingKeys)
  importedKeys.set(config, keys)
  return keys
}
