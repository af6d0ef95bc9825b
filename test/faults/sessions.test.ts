import { describeEndurance } from './endurance'
import { SESSION_FLOWS } from './session-flows'

await describeEndurance(SESSION_FLOWS)
