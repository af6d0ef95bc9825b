declare namespace Cloudflare {
  interface Env {
    TEST_MIGRATIONS: import('cloudflare:test').D1Migration[]
    AUTH_SECRETS: string
    PASSWORD_PEPPER_V1: string
    PASSWORD_ITERATIONS: string
  }
}
