#!/usr/bin/env bash
# Packs the library and installs the tarball into an empty folder, with the packages named after it.
# usage: pack.sh FOLDER [package@version ...]
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
folder="$1"
shift
if [ ! -f "$root/dist/index.js" ]; then
  echo 'there is nothing to pack: run npm run build first' >&2
  exit 1
fi
mkdir -p "$folder"
tarball="$folder/$(cd "$root" && npm pack --silent --pack-destination "$folder" | tail -n 1)"
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --silent --no-audit --no-fund "$tarball" "$@"
