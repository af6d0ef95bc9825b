import type { EventSink } from './event-sink'

/** Sends events to a Queue, each as `{id, …event}` in JSON. */
export function queueSink(queue: Queue): EventSink {
  return async ({ id, body }) => {
    await queue.send({ id, ...JSON.parse(body) }, { contentType: 'json' })
  }
}
