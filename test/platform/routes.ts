import { administration } from '../../src/http/administration-app'
import { app } from '../../src/http/app'

/** Of all that the Worker answers. */
export const routes = [...app.routes, ...administration.routes]
