import { ADMINISTRATION_FLOWS } from './administration-flows'
import { describeEndurance } from './endurance'

await describeEndurance(ADMINISTRATION_FLOWS)
