// The suites that need a server find it by these variables. Without one they are left out, and the run says so;
// with CI=true a missing server is a failure.
const servers = {
  POSTGRES_URL: 'PostgreSQL, for instance postgres://postgres@127.0.0.1:5432/postgres',
  REDIS_URL: 'Redis, for instance redis://127.0.0.1:6379',
};

export default function setup() {
  const missing = Object.entries(servers).filter(([name]) => !process.env[name]);
  if (missing.length === 0) return;
  if (process.env.CI === 'true') {
    throw new Error(`CI runs every suite, but these are not set: ${missing.map(([name]) => name).join(', ')}`);
  }
  return () => {
    for (const [name, what] of missing) {
      console.info(`skipped: the suites that need ${name}. To run them, set it to a ${what}`);
    }
  };
}
