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

# ssh joins its arguments by spaces and lets the login shell there, whichever it is, split them again. csh cannot read a
# quoted line's end, nor fish a quoted backslash: what is not harmless to all of them is written in octal.
quoted() {
  local LC_ALL=C word words=() line octal='' character number at
  for word in "$@"; do words+=("'${word//\'/\'\\\'\'}'"); done
  line=${words[*]}
  for ((at = 0; at < ${#line}; at++)); do
    character=${line:at:1}
    case $character in
      [A-Za-z0-9\ _./:=,@+-]) octal+=$character ;;
      *)
        # A byte above 127 may be a negative number.
        printf -v number %d "'$character"
        printf -v character '\\0%03o' $((number & 255))
        octal+=$character
        ;;
    esac
  done
  printf "sh -c 'eval \"exec \$(printf %%b \"%s\")\"'" "$octal"
}

ssh_options=(
  BatchMode=yes StrictHostKeyChecking=yes ConnectTimeout=10 ServerAliveInterval=15 ServerAliveCountMax=4
  ControlMaster=no ClearAllForwardings=yes RemoteCommand=none PermitLocalCommand=no LogLevel=INFO
  'IgnoreUnknown=SessionType,StdinNull,ForkAfterAuthentication' SessionType=default StdinNull=no ForkAfterAuthentication=no
)

# What a login shell's files print comes before this line, and is none of the command's. Fails where it never came.
start_mark='po-migrate starts here'
from_mark() {
  local line
  while IFS= read -r line; do
    [[ $line == *"$start_mark" ]] || { say "$line"; continue; }
    [[ $line == "$start_mark" ]] || say "${line%"$start_mark"}"
    cat
    return 0
  done
  [[ -z $line ]] || say "$line"
  return 1
}

# Runs a command there; its output begins where it does. A job's own config stands in PO_SSH_CONFIG; a laptop has its user's.
on_vps() {
  local codes=(0 0)
  # shellcheck disable=SC2016  # for the shell there
  ssh ${PO_SSH_CONFIG:+-F "$PO_SSH_CONFIG"} -T "${ssh_options[@]/#/-o}" -- "$vps_ssh" \
    "$(quoted sh -c 'echo "$1"; shift; exec "$@"' sh "$start_mark" "$@")" | from_mark || codes=("${PIPESTATUS[@]}")
  [[ ${codes[*]} != '255 0' ]] || lost
  [[ ${codes[1]} == 0 ]] || unreachable "${codes[0]}"
  return "${codes[0]}"
}

# ssh has said why.
lost() {
  printf '✖ The connection to %s was lost in mid-run.\n  Whether what ran there has ended is not known.\n  → ssh %s, and look\n' \
    "$vps_ssh" "$vps_ssh" >&2
  exit 1
}

# 255 is of ssh, which has said why; anything else of what answers there in place of a shell.
unreachable() { # CODE
  local what='reach %s by ssh'
  [[ $1 == 255 ]] || what='run a command on %s: its login shell or a ForceCommand answered'
  # shellcheck disable=SC2059  # the format is ours
  printf "✖ Could not $what.\n  Nothing was touched.\n  → ssh -v %s true\n" "$vps_ssh" "$vps_ssh" >&2
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
