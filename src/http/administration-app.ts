import { createFrame } from './frame'
import { jsonBody } from './json-body'
import { adminAuditEvents } from './routes/admin-audit-events'
import { adminInvitations } from './routes/admin-invitations'
import { adminPermissions } from './routes/admin-permissions'
import { adminRoles } from './routes/admin-roles'
import { adminUsers } from './routes/admin-users'

/** What is under /admin, loaded when somebody asks for it: few instances ever are. */
export const administration = createFrame()

administration.use(jsonBody)
administration
  .route('/admin/users', adminUsers)
  .route('/admin/invitations', adminInvitations)
  .route('/admin/roles', adminRoles)
  .route('/admin/permissions', adminPermissions)
  .route('/admin/audit-events', adminAuditEvents)
