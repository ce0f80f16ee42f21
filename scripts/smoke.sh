#!/usr/bin/env bash
# Installs the packed library alone, without any driver, and loads every entry on each supported Node.
# usage: smoke.sh [major ...]   default: 20 22 24
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
"$root/scripts/pack.sh" "$folder"
cp "$root"/test/package/*.mjs "$root"/test/package/*.cjs "$folder"
cd "$folder"
if [ $# -eq 0 ]; then set -- 20 22 24; fi
for version; do
  for file in *.mjs *.cjs; do
    "$root/scripts/node-version.sh" "$version" --trace-warnings "$file"
  done
done
