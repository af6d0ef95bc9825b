import path from 'node:path'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers'
import { defineConfig } from 'vitest/config'

const migrations = await readD1Migrations(path.join(import.meta.dirname, 'migrations'))

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        bindings: {
          TEST_MIGRATIONS: migrations,
          MODEL_SEED: process.env['MODEL_SEED'] ?? '',
          MODEL_RUNS: process.env['MODEL_RUNS'] ?? '400',
          ENVIRONMENT: 'development',
          AUTH_SECRETS: 'test-only-secret-0123456789-abcdefghijklmnop',
          PASSWORD_PEPPER_V1: 'dGVzdC1vbmx5LXBlcHBlci1vZi0zMi1ieXRlcy4uLi4=',
          PASSWORD_ITERATIONS: '10000',
        },
      },
    }),
  ],
  test: {
    include: ['test/**/*.test.ts'],
    // Nothing is judged by the clock: a slow machine is only slow.
    testTimeout: 30_000,
    // One module each instead of hundreds: halves the start of every test file.
    deps: {
      optimizer: {
        ssr: {
          enabled: true,
          include: ['zod', 'jose', 'drizzle-orm', 'drizzle-orm/d1', 'drizzle-orm/sqlite-core'],
        },
      },
    },
    setupFiles: ['./test/platform/setup.ts'],
    coverage: {
      provider: 'istanbul',
      include: ['src/**/*.{ts,tsx}'],
      reporter: ['text', 'json-summary'],
      thresholds: { lines: 90, 'src/crypto/**': { lines: 100, branches: 100, functions: 100 } },
    },
  },
})
