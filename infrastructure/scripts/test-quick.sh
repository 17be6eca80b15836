#!/usr/bin/env bash
# What is worth running after each change: the checks and, beside them, the unit tests. No Docker.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export PATH=$PWD/node_modules/node/bin:$PATH

npm run --silent check &
checks=$!
npx vitest run --project unit --reporter=dot --reporter=./test/support/runner/count-reporter.ts "$@"
tests=$?
wait "$checks" && exit "$tests"
