# shellcheck shell=bash
# Sourced by a job: makes PO_SSH_CONFIG from its File variables, and removes it when the job's shell ends.
# No ssh-keyscan: whoever answers the job would be believed.
for variable in SSH_PRIVATE_KEY SSH_KNOWN_HOSTS; do
  [[ -f ${!variable:-} ]] || {
    printf '✖ %s is not a file.\n  → Settings > CI/CD > Variables: type File, protected\n' "$variable" >&2
    exit 2
  }
done
ssh_directory=$(mktemp -d)
trap 'rm -rf "$ssh_directory"' EXIT
# GitLab writes File variables readable for all, which ssh refuses; and a key that was pasted may lack its last newline.
(
  umask 077
  { cat "$SSH_PRIVATE_KEY" && echo; } >"$ssh_directory/key"
  cp "$SSH_KNOWN_HOSTS" "$ssh_directory/known_hosts"
  cat >"$ssh_directory/config" <<CONFIG
IdentityFile $ssh_directory/key
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile $ssh_directory/known_hosts
GlobalKnownHostsFile /dev/null
CONFIG
)
export PO_SSH_CONFIG=$ssh_directory/config
