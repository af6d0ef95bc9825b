declare namespace Cloudflare {
  interface Env {
    RESOURCE_SERVER: Fetcher
    TEST_MIGRATIONS: import('cloudflare:test').D1Migration[]
    /** Seeds of the random tests, to repeat a run; empty in most runs. */
    FUZZ_SEED: string
    MODEL_SEED: string
    PROPERTY_SEED: string
    /** How many requests and lives the tests draw for each seed. */
    FUZZ_REQUESTS: string
    MODEL_RUNS: string
    /** Empty unless the run is to find out which tests run which lines. */
    COVERAGE_BY_FILE: string
    AUTH_SECRETS: string
    AUTH_SIGNING_KEYS: string
    PASSWORD_PEPPER_V1: string
    PASSWORD_ITERATIONS: string
  }
}
