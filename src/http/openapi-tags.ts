export type Tag = keyof typeof TAGS

/** What the operations are grouped under, in this order. */
export const TAGS = {
  Authentication: 'Sign up, log in, stay logged in, log out, and verify an access token.',
  Account: 'What the signed-in user sees and changes of their own account.',
  Passwords: 'Change the password, or choose another by a mailed link.',
  Emails: 'Verify the email address, change it, and undo a change.',
  Sessions: 'Where the signed-in user is logged in.',
  'API keys': 'Keys by which machines act for the signed-in user.',
  'Administration: users': 'Accounts, their roles, and invitations to make one.',
  'Administration: roles': 'Roles and the permissions that they give.',
  'Administration: audit': 'What happened, when, and by whom.',
  'For other services': 'How they verify the access tokens by themselves.',
  Health: 'For load balancers and monitoring.',
}
