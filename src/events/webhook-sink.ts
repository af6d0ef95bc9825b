import type { EventSink } from './event-sink'

const TIME_LIMIT_MS = 10_000

/**
 * Posts events as Standard Webhooks 1.0.0 prescribes. Whatever answers 2xx has taken it; a redirect has not,
 * since nobody signed for where it leads.
 */
export function webhookSink(url: string, sign: (content: string) => Promise<string>): EventSink {
  return async ({ id, body }, now) => {
    const timestamp = String(Math.floor(now / 1000))
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': await sign(`${id}.${timestamp}.${body}`),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIME_LIMIT_MS),
    })
    await response.body?.cancel()
    if (!response.ok) throw new Error(`the webhook answered ${response.status}`)
  }
}
