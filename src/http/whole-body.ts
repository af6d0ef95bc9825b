import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { type AppEnv, factory } from './factory'
import { BODY_METHODS, readBody } from './json-body'
import { ProblemError } from './problem'
import { readClock } from './request-log'

const BODY_LIMIT_BYTES = 16 * 1024
const PATIENCE_MS = 5000

const limitBody = bodyLimit({
  maxSize: BODY_LIMIT_BYTES,
  onError: () => {
    throw new ProblemError('payload_too_large')
  },
})

/**
 * Reads the body before anything is decided, and the clock again once it is there. A sender can hold a body back; with
 * the time of the headers, a token that has expired or was superseded meanwhile would still count.
 */
export const wholeBody = factory.createMiddleware(async (c, next) => {
  if (!BODY_METHODS.includes(c.req.method) || c.req.raw.body === null) return next()
  await inTime(readLimited(c))
  readClock(c)
  return next()
})

// What the limit throws itself, reading throwing nothing else, is the size, or that the body was cut off.
async function readLimited(c: Context<AppEnv>): Promise<void> {
  try {
    await limitBody(c, async () => void (await readBody(c)))
  } catch (error) {
    throw error instanceof ProblemError ? error : new ProblemError('malformed_json')
  }
}

async function inTime(reading: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ProblemError('request_timeout')), PATIENCE_MS)
  })
  try {
    await Promise.race([reading, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
