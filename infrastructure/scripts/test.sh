#!/usr/bin/env bash
# Every check and every test, on a Docker engine: the one that answers, else one that this script provides and stops.
# The last line counts: `N passed, N failed`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

[[ ${PO_TEST_ENGINE:-} ]] || exec env PO_TEST_ENGINE=1 infrastructure/scripts/test-engine.sh run "${BASH_SOURCE[0]}" "$@"

npm run --silent check
npm run --silent build
infrastructure/images/build.sh >&2
read -ra projects <<<"${PO_TEST_PROJECTS:-unit integration e2e faults-ci survival}"
npx vitest run "${projects[@]/#/--project=}" --reporter=default --reporter=./test/support/runner/count-reporter.ts "$@"
