import { createFrame } from './frame'
import { jsonBody } from './json-body'
import { pages } from './page-routes'
import { account } from './routes/account'
import { apiKeys } from './routes/api-keys'
import { authentication } from './routes/authentication'
import { emails } from './routes/emails'
import { health } from './routes/health'
import { passwords } from './routes/passwords'
import { sessions } from './routes/sessions'
import { tokens } from './routes/tokens'
import { wellKnown } from './routes/well-known'

// What people and their programs ask for: an instance has it from its start. administration-app.ts has the rest.
const app = createFrame()
app.route('/', pages)
app.use(jsonBody)

const routes = app
  .route('/auth', authentication)
  .route('/auth', passwords)
  .route('/auth', emails)
  .route('/auth', tokens)
  .route('/auth/me', account)
  .route('/auth/sessions', sessions)
  .route('/auth/api-keys', apiKeys)
  .route('/.well-known', wellKnown)
  .route('/health', health)
  .get('/openapi.json', async (c) =>
    c.body(await document(), 200, { 'Content-Type': 'application/json' }),
  )

// Made when it is first asked for: it takes more work than any other answer.
const made: { document?: string } = {}
async function document(): Promise<string> {
  const { administration } = await import('./administration-app')
  const { openApiDocument } = await import('./openapi-document')
  made.document ??= JSON.stringify(openApiDocument([...app.routes, ...administration.routes]))
  return made.document
}

export { app }
export type AppType = typeof routes
