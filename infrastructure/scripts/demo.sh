#!/usr/bin/env bash
# make demo: migrates iam, calendar and rag without Docker, by real dbmate, into a Postgres inside the tool's process.
# Leaves nothing but node_modules/ and dist/.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cd "$root"
export PATH=$root/node_modules/node/bin:$PATH

show() {
  printf '\n$ %s\n' "$*"
}

run() {
  show "$@"
  "$@"
}

po-migrate() {
  infrastructure/scripts/po-migrate --config infrastructure/demo.yaml "$@"
}

[[ -d node_modules ]] || run npm ci
if [[ ! -f dist/po-migrate.cjs || -n $(find src build.ts package.json -newer dist/po-migrate.cjs -print -quit) ]]; then
  run npm run --silent build
fi

PO_DEMO_STATE=$(mktemp -d "${TMPDIR:-/tmp}/po-migrate-demo.XXXXXX")
export PO_DEMO_STATE
trap 'rm -rf "$PO_DEMO_STATE"' EXIT

SECONDS=0
run po-migrate plan demo
run po-migrate up demo
run po-migrate status demo
printf '\nOnce more: everything is applied.\n'
run po-migrate up demo
printf '\nThree databases migrated in %s s, nothing left behind. With Docker: make dev\n' "$SECONDS"
