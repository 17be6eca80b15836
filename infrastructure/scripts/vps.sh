# shellcheck shell=bash
# Sourced by the scripts that deliver to the VPS. The same variables as in migrate.yaml, with the same defaults.
vps_ssh=${PO_VPS_SSH:-deploy@po-vps}
vps_releases=${PO_VPS_RELEASES:-/srv/po-platform}
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s\n' "$*" >&2; }

fail() { # WHAT NEXT
  printf '✖ %s\n  → %s\n' "$1" "$2" >&2
  exit 2
}

# ssh joins its arguments by spaces and lets the login shell there, whichever it is, split them again.
quoted() {
  local word words=()
  for word in "$@"; do words+=("'${word//\'/\'\\\'\'}'"); done
  printf '%s' "${words[*]}"
}

# A job's own config stands in PO_SSH_CONFIG; a laptop has its user's.
on_vps() {
  ssh ${PO_SSH_CONFIG:+-F "$PO_SSH_CONFIG"} -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=10 \
    -o ServerAliveInterval=15 -o ServerAliveCountMax=4 -o ControlMaster=no -- "$vps_ssh" "$(quoted "$@")"
}

# After 255: ssh has said why.
unreachable() {
  printf '✖ Could not reach %s by ssh.\n  Nothing was touched.\n  → ssh -v %s true\n' "$vps_ssh" "$vps_ssh" >&2
  exit 6
}

# A collapsible section of a GitLab log; nothing elsewhere.
section() { # NAME TITLE
  [[ ${GITLAB_CI:-} == true ]] || return 0
  printf '\e[0Ksection_start:%s:%s\r\e[0K%s\n' "$(date +%s)" "$1" "$2" >&2
}
section_end() { # NAME
  [[ ${GITLAB_CI:-} == true ]] || return 0
  printf '\e[0Ksection_end:%s:%s\r\e[0K\n' "$(date +%s)" "$1" >&2
}

# `commit`, or `commit dirty`: what a build of this checkout says of itself.
read_revision() {
  local commit
  commit=$(git -C "$checkout" rev-parse HEAD) || fail "$checkout is not a git checkout." "deliver from a clone"
  [[ -z $(git -C "$checkout" status --porcelain) ]] || commit+=' dirty'
  printf '%s' "$commit"
}

# The directory of this commit's release for an environment.
release_of() { # ENV REVISION
  printf '%s' "$vps_releases/$1/releases/${2// /-}"
}
