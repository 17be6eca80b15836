#!/usr/bin/env bash
# Creates the empty databases of POSTGRES_MULTIPLE_DATABASES (separated by commas or white space) at first init.
# The schemas are the migrations' business.
#
# The image's entrypoint sources this file where the mount lost its x bit: the subshell keeps options and variables in here.
(
  set -euo pipefail
  # As the entrypoint itself does: the temporary server answers on the socket only.
  export PGHOST='' PGHOSTADDR=''

  # read splits without expanding globs; it answers 1 at the end of its input.
  IFS=$', \t\n' read -r -d '' -a databases <<<"${POSTGRES_MULTIPLE_DATABASES:-}" || true

  for database in "${databases[@]}"; do
    [[ -n $database ]] || continue # two commas in a row
    echo "ensuring database $database"
    psql --no-psqlrc --quiet --no-password --set ON_ERROR_STOP=1 --set "database=$database" \
      --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
SELECT format('CREATE DATABASE %I', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database'::name)
\gexec
SQL
  done
)
