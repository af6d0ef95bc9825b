// In place of Node's crypto (wrangler.toml), which bcryptjs asks for random bytes where Web Crypto is missing. It is not,
// and a Worker would load Node's at every start.
export default null
