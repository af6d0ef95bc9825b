/** An event on its way to other applications. */
export interface EventMessage {
  /** The same each time it is sent: receivers know a repetition by it. */
  readonly id: string
  /** JSON. */
  readonly body: string
}

/** Takes an event, or rejects with why it was not taken. `now` is in milliseconds. */
export type EventSink = (message: EventMessage, now: number) => Promise<void>
