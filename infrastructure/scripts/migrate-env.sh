#!/usr/bin/env bash
# migrate-env.sh ENVIRONMENT_NAME [FLAG…]: prints the environment that a deploy to a GitLab environment migrates.
# production is prod, everything else qual (ADR 003); FLAG…, a job's MIGRATE_ARGS, may lift policies, leave the rehearsal out, and nothing else.
set -euo pipefail

name=${1:-}
shift || true

fail() {
  printf '✖ %s\n  → %s\n' "$1" "$2" >&2
  exit 2
}

[[ $name ]] || fail 'The job has no environment.' 'give it environment: {name: …}'
environment=qual
if [[ $name == production ]]; then
  environment=prod
elif [[ ${name,,} == *prod* ]]; then
  fail "\"$name\" would migrate qual: only production is prod." 'write production, or a name without prod'
fi

while (($#)); do
  case $1 in
    --allow-missing | --allow-out-of-order | --accept-edit | --accept-warning)
      [[ ${2:-} =~ ^[A-Za-z0-9][A-Za-z0-9_-]*$ ]] || fail "MIGRATE_ARGS: $1 needs a value." "MIGRATE_ARGS='$1 VERSION'"
      shift 2
      ;;
    --no-rehearse) shift ;;
    *) fail "MIGRATE_ARGS: \"$1\" is no policy flag." 'allowed: --allow-missing, --allow-out-of-order, --accept-edit, --accept-warning, each with a value, and --no-rehearse' ;;
  esac
done

printf 'environment %s: migrates %s\n' "$name" "$environment" >&2
printf '%s\n' "$environment"
