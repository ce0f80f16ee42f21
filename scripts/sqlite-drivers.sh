#!/usr/bin/env bash
# Runs the SQLite suites on the two drivers that `npm ci` does not bring: better-sqlite3, which is compiled here, in a
# folder of its own, and node:sqlite, which Node has from 22 on.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
suites=(test/conformance/sqlite test/events/{sqlite-event-adapter,append-sync}.test.ts)

(cd "$folder" && echo '{ "private": true }' >package.json && npm install --silent --no-audit --no-fund --ignore-scripts=false better-sqlite3@12)
echo '--- better-sqlite3'
SQLITE_DRIVER="$folder/node_modules/better-sqlite3" npx vitest run "${suites[@]}"
for version in 22 24; do
  echo "--- node:sqlite of Node $version"
  SQLITE_DRIVER=node:sqlite scripts/node-version.sh "$version" node_modules/vitest/vitest.mjs run "${suites[@]}"
done
