/** A body whose first byte is there at once, and the rest when it is released. */
export function heldBack(content: unknown) {
  const bytes = new TextEncoder().encode(JSON.stringify(content))
  const { promise, resolve: release } = Promise.withResolvers<void>()
  const body = new ReadableStream({
    start: (stream) => stream.enqueue(bytes.slice(0, 1)),
    async pull(stream) {
      await promise
      stream.enqueue(bytes.slice(1))
      stream.close()
    },
  })
  return { body, release, length: String(bytes.length) }
}
