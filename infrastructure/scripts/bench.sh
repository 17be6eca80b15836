#!/usr/bin/env bash
# po-migrate beside the plain bash runner, on the Docker engine that answers or one that test-engine.sh provides.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

npm run --silent build
infrastructure/images/build.sh >&2
node test/bench/bench.ts
