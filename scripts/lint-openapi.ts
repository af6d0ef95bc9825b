// Holds docs/openapi.json against Redocly's rules, the examples against their schemas among them.
import path from 'node:path'
import { createConfig, formatProblems, getTotals, lint } from '@redocly/openapi-core'

const document = path.join(import.meta.dirname, '../docs/openapi.json')

const config = await createConfig({
  extends: ['recommended-strict'],
  rules: {
    'no-invalid-schema-examples': 'error',
    'no-invalid-media-type-examples': 'error',
    'no-invalid-parameter-examples': 'error',
    'no-required-schema-properties-undefined': 'error',
    'no-schema-type-mismatch': 'error',
    'operation-tag-defined': 'error',
    'parameter-description': 'error',
  },
})
const problems = await lint({ ref: document, config })
formatProblems(problems, { totals: getTotals(problems), version: '' })
if (problems.length > 0) process.exitCode = 1
