declare namespace Cloudflare {
  interface Env {
    RESOURCE_SERVER: Fetcher
    TEST_MIGRATIONS: import('cloudflare:test').D1Migration[]
    /** Replays a run of the model test, and how many to do. */
    MODEL_SEED: string
    MODEL_RUNS: string
    /** The same of the fuzz test. */
    FUZZ_SEED: string
    FUZZ_REQUESTS: string
    AUTH_SECRETS: string
    AUTH_SIGNING_KEYS: string
    PASSWORD_PEPPER_V1: string
    PASSWORD_ITERATIONS: string
  }
}
