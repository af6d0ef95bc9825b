import worker from '../../src/index'

// Our Worker, which says with each answer how many rows D1 has read for it, after the answer too. POST /scheduled runs
// the job.

export default {
  async fetch(request, env) {
    const work: Promise<unknown>[] = []
    const context = {
      waitUntil: (promise: Promise<unknown>) => void work.push(promise),
      passThroughOnException: () => {},
    } as unknown as ExecutionContext
    const { DB, read } = metered(env.DB)
    const answer = await run(request, { ...env, DB }, context)
    await Promise.all(work)
    const counted = new Response(answer.body, answer)
    counted.headers.set('X-Rows-Read', String(read()))
    return counted
  },
} satisfies ExportedHandler<CloudflareBindings>

async function run(request: Request, env: CloudflareBindings, context: ExecutionContext) {
  if (new URL(request.url).pathname !== '/scheduled') return worker.fetch(request, env, context)
  const controller = { scheduledTime: Date.now(), cron: '* * * * *', noRetry: () => {} }
  await worker.scheduled(controller as ScheduledController, env, context)
  return new Response()
}

function metered(database: D1Database) {
  let rowsRead = 0
  const DB = new Proxy(database, {
    get(target, name) {
      if (name === 'prepare') return target.prepare.bind(target)
      return async (statements: D1PreparedStatement[]) => {
        const results = await target.batch(statements)
        for (const { meta } of results) rowsRead += meta.rows_read
        return results
      }
    },
  })
  return { DB, read: () => rowsRead }
}
