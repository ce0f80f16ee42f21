#!/usr/bin/env bash
# Runs the PostgreSQL suites through a PgBouncer in transaction mode, started here and stopped at the end. A few server
# connections are shared by all clients, so that whatever relies on a session fails; the cases that need one (LISTEN,
# SET ROLE) find the server itself by POSTGRES_DIRECT_URL.
# usage: pgbouncer.sh [argument of vitest ...]   default: the suites that speak to PostgreSQL
set -euo pipefail
cd "$(dirname "$0")/.."
direct="${POSTGRES_URL:?name the server, for instance postgres://postgres@127.0.0.1:5432/postgres}"
if [ $# -eq 0 ]; then
  set -- test/conformance/{event-adapters,version-stores,cache-providers}.test.ts \
    test/events/{postgresql-event-adapter,pg-queryable,projection-databases,with-transaction}.test.ts \
    test/faults/{events-order,events-processes,outbox}.test.ts test/state/processes.test.ts test/adapters/postgresql-lock-manager.test.ts
fi

export PATH="$PATH:/usr/sbin"
if ! command -v pgbouncer >/dev/null && [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  # Debian starts one of its own, on its usual port, where init lets it.
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends pgbouncer >/dev/null
fi
if ! command -v pgbouncer >/dev/null; then
  echo 'there is no pgbouncer: install it (Debian: apt-get install pgbouncer)' >&2
  exit 1
fi

folder="$(mktemp -d)"
pid=
finish() {
  if [ -n "$pid" ]; then
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap finish EXIT

free_port='const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
port="$(node -e "$free_port")"
server="$(node -p 'const u = new URL(process.argv[1]); const p = u.password && ` password=${decodeURIComponent(u.password)}`;
  `host=${u.hostname} port=${u.port || 5432} user=${u.username || "postgres"}${p}`' "$direct")"
pooled="$(node -p 'const u = new URL(process.argv[1]); u.hostname = "127.0.0.1"; u.port = process.argv[2]; u.href' "$direct" "$port")"
cat >"$folder/pgbouncer.ini" <<INI
[databases]
* = $server
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
INI
# From 1.21 on it can keep prepared statements for the clients: nothing may need that.
version="$(pgbouncer --version | awk 'NR == 1 { print $2 }')"
if [ "$(printf '%s\n' 1.21 "$version" | sort -V | head -n 1)" = 1.21 ]; then
  echo 'max_prepared_statements = 0' >>"$folder/pgbouncer.ini"
fi

as=()
if [ "$(id -u)" = 0 ]; then
  # It refuses to run as root.
  as=(-u "$(id -un postgres 2>/dev/null || echo nobody)")
fi
pgbouncer "${as[@]}" "$folder/pgbouncer.ini" >"$folder/log" 2>&1 &
pid=$!
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
  if ! kill -0 "$pid" 2>/dev/null; then
    cat "$folder/log" >&2
    exit 1
  fi
  sleep 0.1
done
echo "--- PgBouncer $version, pool_mode = transaction, default_pool_size = 4"
POSTGRES_URL="$pooled" POSTGRES_DIRECT_URL="$direct" npx vitest run "$@"
