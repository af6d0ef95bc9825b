import path from 'node:path'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers'
import { build } from 'esbuild'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { CoverageByFile } from './scripts/mutants/coverage-by-file.ts'
import { newKey, newKeySet } from './scripts/signing-key-set.ts'

// The longest begin first, so that neither worker is left alone with one at the end. vitest itself looks at sizes.
const LONGEST = /\/test\/(?:faults|model)\/|\/(?:fuzz|hostile-fields|admin-matrix)\.test\.ts$/

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => Number(isLong(b)) - Number(isLong(a)))
  }
}

const isLong = ({ moduleId }: TestSpecification) => LONGEST.test(moduleId)

// What the pool calls our Worker.
const RUNNER = 'vitest-plugin-runner-'
const SECRETS = 'test-only-secret-0123456789-abcdefghijklmnop'
const migrations = await readD1Migrations(path.join(import.meta.dirname, 'migrations'))

// Another Worker beside ours, which takes its tokens.
const { outputFiles } = await build({
  entryPoints: [path.join(import.meta.dirname, 'test/verify/resource-server.ts')],
  bundle: true,
  format: 'esm',
  write: false,
})
const resourceServer = {
  name: 'resource-server',
  modules: [{ type: 'ESModule' as const, path: 'index.mjs', contents: outputFiles[0]?.text ?? '' }],
  compatibilityDate: '2026-10-20',
  kvNamespaces: ['REVOCATIONS'],
  bindings: { AUTH_SECRETS: SECRETS },
  serviceBindings: {
    AUTH: { name: RUNNER, entrypoint: 'TokenVerification' },
    AUTH_HTTP: RUNNER,
  },
}

export default defineConfig({
  plugins: [
    cloudflareTest({
      // Not what is built of it: a test's failure shows the line, and coverage is counted.
      main: './src/index.ts',
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        workers: [resourceServer],
        serviceBindings: { RESOURCE_SERVER: 'resource-server' },
        bindings: {
          TEST_MIGRATIONS: migrations,
          FUZZ_SEED: process.env['FUZZ_SEED'] ?? '',
          FUZZ_REQUESTS: process.env['FUZZ_REQUESTS'] ?? '1200',
          MODEL_SEED: process.env['MODEL_SEED'] ?? '',
          MODEL_RUNS: process.env['MODEL_RUNS'] ?? '120',
          PROPERTY_SEED: process.env['PROPERTY_SEED'] ?? '',
          COVERAGE_BY_FILE: process.env['COVERAGE_BY_FILE'] ?? '',
          ENVIRONMENT: 'development',
          AUTH_SECRETS: SECRETS,
          AUTH_SIGNING_KEYS: JSON.stringify(newKeySet(newKey('ES256'))),
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
          include: [
            'zod/mini',
            'zod/locales',
            'jose',
            'drizzle-orm',
            'drizzle-orm/d1',
            'drizzle-orm/sqlite-core',
          ],
        },
      },
    },
    maxWorkers: 2,
    isolate: false,
    reporters: ['default', ...(process.env['COVERAGE_BY_FILE'] ? [new CoverageByFile()] : [])],
    sequence: { sequencer: LongestFirst },
    setupFiles: ['./test/platform/setup.ts'],
    coverage: {
      provider: 'istanbul',
      include: ['src/**/*.{ts,tsx}'],
      reporter: ['text', 'json-summary'],
      thresholds: { lines: 90, 'src/crypto/**': { lines: 100, branches: 100, functions: 100 } },
    },
  },
})
