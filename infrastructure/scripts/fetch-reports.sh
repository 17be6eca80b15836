#!/usr/bin/env bash
# Brings the reports of this job's run from the VPS: what is not there was not reached.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p reports
for kind in ndjson xml; do
  infrastructure/scripts/on-host.sh cat "reports/$CI_JOB_ID.$kind" >"reports/migrations.$kind" 2>/dev/null ||
    rm -f "reports/migrations.$kind"
done
