#!/usr/bin/env bash
# Runs Node of another major version. usage: node-version.sh <major> [argument ...]
set -euo pipefail
major="$1"
shift
# The package `node` fetches its program in an install script, which .npmrc would keep from running.
run=(npx --yes --ignore-scripts=false -p "node@$major" node)
found="$("${run[@]}" -p 'process.versions.node.split(".")[0]')"
if [ "$found" != "$major" ]; then
  echo "asked for Node $major, got $found" >&2
  exit 1
fi
exec "${run[@]}" "$@"
