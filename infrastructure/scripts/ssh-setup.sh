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
# GitLab writes File variables readable for all, which ssh refuses; and what was pasted may have line ends of Windows, or lack
# its last one.
(
  umask 077
  { tr -d '\r' <"$SSH_PRIVATE_KEY" && echo; } >"$ssh_directory/key"
  { tr -d '\r' <"$SSH_KNOWN_HOSTS" && echo; } >"$ssh_directory/known_hosts"
  cat >"$ssh_directory/config" <<CONFIG
IdentityFile $ssh_directory/key
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile $ssh_directory/known_hosts
GlobalKnownHostsFile /dev/null
CONFIG
)
export PO_SSH_CONFIG=$ssh_directory/config
if ! ssh_words=$(LC_ALL=C ssh-keygen -y -P '' -f "$ssh_directory/key" 2>&1 >/dev/null); then
  case $ssh_words in
    *passphrase*)
      printf '✖ The key in SSH_PRIVATE_KEY has a passphrase, and nobody is there to type it.\n  → a key for deploys alone: ssh-keygen -t ed25519 -N "" -f deploy_key\n' >&2
      ;;
    *)
      printf '✖ SSH_PRIVATE_KEY holds no private key: %s\n  → paste the whole file, from -----BEGIN to END-----\n' "${ssh_words##*: }" >&2
      ;;
  esac
  exit 2
fi
