import { describeEndurance } from './endurance'
import { MACHINE_FLOWS } from './machine-flows'

await describeEndurance(MACHINE_FLOWS)
