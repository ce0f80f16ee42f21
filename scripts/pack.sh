#!/usr/bin/env bash
# Packs the library and installs the tarball into an empty folder, with the packages named after it.
# usage: pack.sh FOLDER [package@version ...]
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
folder="$1"
shift
mkdir -p "$folder"
tarball="$folder/$(cd "$root" && npm pack --silent --pack-destination "$folder" | tail -n 1)"
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --silent --no-audit --no-fund "$tarball" "$@"
