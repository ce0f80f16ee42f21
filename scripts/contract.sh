#!/usr/bin/env bash
# Runs the public contract as a user of the packed library would: in an empty folder, against the tarball.
# Once on embedded parts, and once more on the real servers where POSTGRES_URL and REDIS_URL name them.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
contract="$root/../shared/contract"
if [ ! -f "$contract/seed.ts" ]; then
  echo "there is no contract at ../shared/contract: nothing to run" >&2
  exit 1
fi
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

# The versions that the library is developed with.
pinned() { (cd "$root" && node -p 'process.argv.slice(1).map((name) => `${name}@${require(`./node_modules/${name}/package.json`).version}`).join(" ")' "$@"); }
# shellcheck disable=SC2046
"$root/scripts/pack.sh" "$folder" $(pinned typescript tsx pg ioredis @electric-sql/pglite @types/node @types/pg) @types/emscripten@1

cp "$contract/seed.ts" "$contract/tsconfig.json" "$folder"
cd "$folder"
# PGlite's own declarations name Emscripten's without bringing them, and every declaration file is checked here.
npx tsc --noEmit -p . --types node,emscripten
echo '--- the contract on embedded parts'
env -u POSTGRES_URL -u REDIS_URL npx tsx seed.ts
if [ -n "${POSTGRES_URL:-}" ] && [ -n "${REDIS_URL:-}" ]; then
  echo '--- the contract on the real servers'
  npx tsx seed.ts
fi
