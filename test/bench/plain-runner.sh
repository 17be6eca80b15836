#!/usr/bin/env bash
# The decision record's runner as it was meant: one `docker run` a database, in turn. The yardstick of `make bench`.
# It has what the record had: no lock, no preflight, the password in a URL. Nothing else may use it.
# DATABASES: NAME:DIRECTORY, with blanks between.
set -euo pipefail
for entry in $DATABASES; do
  docker run --rm --network "$NETWORK" --volume "${entry#*:}:/db/migrations:ro" \
    --env "DATABASE_URL=postgres://postgres:$PASSWORD@postgres:5432/${entry%%:*}?sslmode=disable" \
    "$DBMATE_IMAGE" --no-dump-schema up
done
