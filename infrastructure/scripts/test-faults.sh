#!/usr/bin/env bash
# Every fault at every kind of step, on two engines of its own, side by side: in one of them dockerd itself is killed.
# A cell that passed with these sources is not run again: what was cut off goes on where it was.
# PO_FAULT_DONE=FILE keeps which passed (default: below the user's cache; an empty file begins anew).
# PO_FAULT_REPORT=FILE gets a line for each cell: fault, step, flags, milliseconds, repairs pasted, what the struck run said.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/po-migrate
mkdir -p "$cache"
export PO_FAULT_DONE=${PO_FAULT_DONE:-$cache/faults-passed}

if [[ ! ${PO_FAULT_PROJECT:-} ]]; then
  npm run --silent build
  projects=()
  (($# == 0)) && projects=(faults faults-engine)
  for file; do [[ $file == */engine/* ]] && projects+=(faults-engine) || projects+=(faults); done
  children=()
  trap 'kill -TERM "${children[@]}" 2>/dev/null || true' INT TERM
  for project in $(printf '%s\n' "${projects[@]}" | sort -u); do
    PO_FAULT_PROJECT=$project "${BASH_SOURCE[0]}" "$@" &
    children+=($!)
  done
  code=0
  for child in "${children[@]}"; do wait "$child" || code=$?; done
  exit "$code"
fi

if [[ ! ${PO_FAULT_ENGINE:-} ]]; then
  export PO_ENGINE_DIR=$cache/$PO_FAULT_PROJECT PO_FAULT_ENGINE=$cache/$PO_FAULT_PROJECT
  exec infrastructure/scripts/test-engine.sh run --own "${BASH_SOURCE[0]}" "$@"
fi

infrastructure/images/build.sh >&2
listed=$(npx vitest list --project "$PO_FAULT_PROJECT" --json --no-static-parse "$@")
left=$(node test/faults/left.ts <<<"$listed")
[[ $left ]] || exit 0
mapfile -t files <<<"$left"
npx vitest run --project "$PO_FAULT_PROJECT" --reporter=default --reporter=./test/support/runner/count-reporter.ts "${files[@]}"
