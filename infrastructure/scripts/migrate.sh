#!/usr/bin/env bash
# migrate.sh ENV [ARGS…]: what CI and operators call. The same as `po-migrate up ENV ARGS…`, with the same exit code.
set -euo pipefail

exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/po-migrate" up "$@"
