import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  schema: [
    './src/store/schema.ts',
    './src/store/mail-schema.ts',
    './src/store/audit-schema.ts',
    './src/store/api-key-schema.ts',
  ],
  out: './migrations',
})
