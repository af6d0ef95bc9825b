import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import type { UserAccount } from '../../store/users'
import type { AppEnv } from '../factory'
import type { Markup } from './answer'
import { noticeOf } from './notices'
import { STYLESHEET_URL } from './style'

const CONSOLE_PERMISSIONS = ['users:read', 'roles:read', 'audit_events:read']

export interface LayoutProps {
  readonly c: Context<AppEnv>
  readonly title: string
  readonly children?: Child
  /** Who is logged in. */
  readonly user?: UserAccount
  readonly isWide?: boolean
  readonly hasErrors?: boolean
}

/** The frame of every page. */
export function Layout({ c, title, children, user, isWide, hasErrors }: LayoutProps): Markup {
  const service = c.get('auth')?.config.serviceName ?? 'Gatehouse'
  const notice = noticeOf(c.req.query('done'))
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{`${hasErrors ? 'Error: ' : ''}${title} – ${service}`}</title>
        <link rel="stylesheet" href={STYLESHEET_URL} />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="bar">
          <div>
            <a class="brand" href="/account">
              {service}
            </a>
            {user && <Navigation user={user} path={c.req.path} />}
          </div>
        </header>
        <main id="main" class={isWide ? 'wide' : 'narrow'}>
          {notice && !hasErrors && (
            <p class="notice" role="status">
              {notice}
            </p>
          )}
          {children}
        </main>
      </body>
    </html>
  )
}

function Navigation({ user, path }: { user: UserAccount; path: string }): Markup {
  const isAdministrator = CONSOLE_PERMISSIONS.some((name) => user.permissions.includes(name))
  return (
    <nav aria-label="Main">
      <a href="/account" aria-current={path.startsWith('/account') ? 'true' : undefined}>
        Account
      </a>
      {isAdministrator && (
        <a href="/console" aria-current={path.startsWith('/console') ? 'true' : undefined}>
          Console
        </a>
      )}
      <form method="post" action="/logout">
        <button class="plain" type="submit">
          Log out
        </button>
      </form>
    </nav>
  )
}

export function Time({ at }: { at: number | null }): Markup {
  if (at === null) return <>never</>
  const iso = new Date(at).toISOString()
  return <time datetime={iso}>{`${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`}</time>
}
