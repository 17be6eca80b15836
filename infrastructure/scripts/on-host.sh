#!/usr/bin/env bash
# on-host.sh [--current] [--stdin | --control] COMMAND…: runs a command on the VPS, in this commit's release of MIGRATE_ENV,
# with its exit code. What crosses beside the command: who asks, REGISTRY and IMAGE_TAG; never CONFIRM, never a secret.
#   --current   in ENV/current instead of this commit's release
#   --stdin     the command reads our stdin; else it reads nothing
#   --control   for the tool: our end is its Ctrl-C, so that a cancelled job stops after the running file
set -euo pipefail

# shellcheck source=infrastructure/scripts/vps.sh
. "$(dirname "${BASH_SOURCE[0]}")/vps.sh"

usage() {
  sed -n '2,6s/^# //p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

environment=${MIGRATE_ENV:?set MIGRATE_ENV to the environment}
directory='' input=none
while (($#)); do
  case $1 in
    --current) directory=$vps_releases/$environment/current ;;
    --stdin) input=ours ;;
    --control) input=held ;;
    -*) usage ;;
    *) break ;;
  esac
  shift
done
(($#)) || usage
[[ $directory ]] || directory=$(release_of "$environment" "$(read_revision)")

variables=(PO_MIGRATE_HERE=1 LANG=C.UTF-8)
[[ $input != held ]] || variables+=(PO_MIGRATE_CONTROL=stdin)
for name in CI_JOB_URL GITLAB_CI GITLAB_USER_LOGIN REGISTRY IMAGE_TAG; do
  [[ -z ${!name:-} ]] || variables+=("$name=${!name}")
done

# shellcheck disable=SC2016  # for the shell there
command=(sh -c 'cd "$1" || exit 127; shift; exec env "$@"' sh "$directory" "${variables[@]}" "$@")

hold_open() { # a pipe that nobody writes to, open until this process and its ssh are gone
  local pipe
  pipe=$(mktemp -u)
  mkfifo -m 600 "$pipe"
  exec 9<>"$pipe"
  rm "$pipe"
}

name=${1##*/}
[[ $name != bash && $name != sh ]] || name=${2##*/}
section "on_host_${name//[^a-z0-9_.-]/_}" "$vps_ssh: $*"
code=0
case $input in
  ours) on_vps "${command[@]}" || code=$? ;;
  none) on_vps "${command[@]}" </dev/null || code=$? ;;
  held)
    hold_open
    on_vps "${command[@]}" <&9 || code=$?
    ;;
esac
section_end "on_host_${name//[^a-z0-9_.-]/_}"
((code == 0)) || printf '✖ exit %s of: %s\n  → go on from the release: ssh %s, then: cd %q\n' "$code" "$*" "$vps_ssh" "$directory" >&2
exit "$code"
