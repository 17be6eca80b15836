#!/usr/bin/env bash
# Every fault at every kind of step, on an engine of its own: dockerd is killed in it.
# PO_FAULT_REPORT=FILE gets a line for each cell: fault, step, flags, milliseconds, repairs pasted, what the struck run said.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [[ ! ${PO_FAULT_ENGINE:-} ]]; then
  PO_ENGINE_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/po-migrate/fault-engine
  export PO_ENGINE_DIR PO_FAULT_ENGINE=$PO_ENGINE_DIR
  exec infrastructure/scripts/test-engine.sh run --own "${BASH_SOURCE[0]}" "$@"
fi

npm run --silent build
infrastructure/images/build.sh >&2
npx vitest run --project faults --reporter=default --reporter=./test/support/runner/count-reporter.ts "$@"
