#!/usr/bin/env bash
# Behaves like the official Postgres image's entrypoint, for the tests.
set -euo pipefail

fail() { echo "docker-entrypoint: $*" >&2; exit 1; }

# VARIABLE, or the content of the file VARIABLE_FILE names.
from_file() {
  local file=$1_FILE
  [[ -n ${!file:-} ]] || return 0
  [[ -z ${!1:-} ]] || fail "both $1 and $file are set"
  export "$1=$(<"${!file}")"
  unset "$file"
}

query() { psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$POSTGRES_USER" --dbname "$@"; }

run_script() {
  echo "docker-entrypoint: $1" >&2
  case $1 in
    *.sh)
      if [[ -x $1 ]]; then "$1"; else
        # shellcheck source=/dev/null
        . "$1"
      fi
      ;;
    *.sql) query "$POSTGRES_DB" <"$1" ;;
    *.sql.gz) gunzip -c "$1" | query "$POSTGRES_DB" ;;
    *.sql.xz) xzcat "$1" | query "$POSTGRES_DB" ;;
    *.sql.zst) zstd -dc "$1" | query "$POSTGRES_DB" ;;
    *) echo "docker-entrypoint: ignoring $1" >&2 ;;
  esac
}

initialise() {
  if [[ -z ${POSTGRES_PASSWORD:-} && ${POSTGRES_HOST_AUTH_METHOD:-} != trust ]]; then
    fail 'database is uninitialized and superuser password is not specified: set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust'
  fi
  # Split as the shell would: POSTGRES_INITDB_ARGS is a piece of a command line.
  eval "initdb --username=\"\$POSTGRES_USER\" --pwfile=<(printf '%s\n' \"\${POSTGRES_PASSWORD:-}\") ${POSTGRES_INITDB_ARGS:-}"
  printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
}

first_start() {
  export PGHOST='' PGHOSTADDR='' PGPASSWORD="${PGPASSWORD-${POSTGRES_PASSWORD:-}}"
  pg_ctl -D "$PGDATA" -w start -o "$(printf '%q ' "$@" -c listen_addresses= -p "${PGPORT:-5432}")"
  if [[ $POSTGRES_DB != postgres ]]; then
    query postgres -v "name=$POSTGRES_DB" <<<'CREATE DATABASE :"name";'
  fi
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    [[ ! -f $file ]] || run_script "$file"
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGHOST PGHOSTADDR PGPASSWORD
  printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

[[ ${1:-} != -* ]] || set -- postgres "$@"
[[ ${1:-} == postgres ]] || exec "$@"
case " $* " in *' --help '* | *' -? '* | *' --version '* | *' -V '* | *' --describe-config '* | *' -C '*) exec "$@" ;; esac

if [[ $(id -u) == 0 ]]; then
  install -d -o postgres -g postgres -m 700 "$PGDATA"
  install -d -o postgres -g postgres -m 3777 /var/run/postgresql
  find "$PGDATA" \! -user postgres -exec chown postgres {} +
  export HOME=/var/lib/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

from_file POSTGRES_PASSWORD
from_file POSTGRES_USER
from_file POSTGRES_DB
from_file POSTGRES_INITDB_ARGS
export POSTGRES_USER="${POSTGRES_USER:-postgres}"
export POSTGRES_DB="${POSTGRES_DB:-$POSTGRES_USER}"
if [[ -s $PGDATA/PG_VERSION ]]; then
  printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
else
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA" || true
  initialise
  first_start "${@:2}"
fi
exec "$@"
