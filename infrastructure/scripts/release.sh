#!/usr/bin/env bash
# Releases on the VPS, one directory per environment and commit:
#   RELEASES/shared/          .env.shared, written by hand; .env.ENV with each environment's REGISTRY and IMAGE_TAG
#   RELEASES/node/VERSION/    the pinned Node, for a host without one
#   RELEASES/ENV/releases/COMMIT/   infrastructure/, dist/, REVISION
#   RELEASES/ENV/current      what laptops, cutovers and the shared stack use
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: release.sh sync ENV      bring this checkout and its bundle to the VPS as a release of ENV; prints its directory
       release.sh activate ENV  make it the current one, and save REGISTRY and IMAGE_TAG where they are set
       release.sh list ENV      what is there, newest first
PO_VPS_SSH (deploy@po-vps) and PO_VPS_RELEASES (/srv/po-platform) say where.
USAGE
}

# shellcheck source=infrastructure/scripts/vps.sh
. "$(dirname "${BASH_SOURCE[0]}")/vps.sh"

require_bundle() {
  local built=''
  [[ ! -f $checkout/dist/REVISION ]] || built=$(<"$checkout/dist/REVISION")
  [[ $built == "$revision" ]] ||
    fail "dist/ was built from ${built:-nothing}, this checkout is ${revision}." "cd $checkout && npm ci && npm run build"
}

# What stands in git below infrastructure/, and the bundle: nothing else of a checkout runs on a host.
send_release() {
  local staging
  staging=$(mktemp -d)
  printf '%s\n' "$revision" >"$staging/REVISION"
  {
    git -C "$checkout" ls-files -z --cached --others --exclude-standard -- infrastructure
    (cd "$checkout" && find dist -type f -not -path '*/.compile-cache/*' -not -name node -print0)
  } | tar -C "$checkout" -cf "$staging/release.tar" --null --files-from=-
  tar -rf "$staging/release.tar" -C "$staging" REVISION
  # shellcheck disable=SC2016  # for the shell there
  gzip -1 <"$staging/release.tar" | on_vps sh -c '
    set -eu
    umask 022
    shared=$1/shared release=$2 parent=${2%/*}
    mkdir -p "$parent"
    hidden=$parent/.${release##*/}
    cleared() { rm -rf "$1" 2>/dev/null || echo "files of another user stay, in nobody'"'"'s way: sudo rm -rf \"$1\"" >&2; }
    for old in "$hidden".*; do [ ! -e "$old" ] || cleared "$old"; done
    mkdir "$hidden.incoming.$$"
    cd "$hidden.incoming.$$"
    tar -xzf -
    # Whatever the umask of who unpacks and of who packed: containers read some of it, and others deploy too.
    chmod -R a+rX,go-w .
    for name in .env.shared .env.qual .env.prod; do ln -s "$shared/$name" "infrastructure/compose/$name"; done
    [ ! -e "$release" ] || mv "$release" "$hidden.outgoing.$$"
    mv "$PWD" "$release"
    cleared "$hidden.outgoing.$$"' sh "$vps_releases" "$release"
  rm -rf "$staging"
}

# In a shell of its own: where the host does not answer, whoever asks next says so.
runs_there() { (on_vps "$release/infrastructure/scripts/po-migrate" --version) </dev/null >/dev/null 2>&1; }

# Once per version, and linked into each release.
send_node() {
  local node=$checkout/node_modules/node/bin/node version
  [[ -x $node ]] || node=$(command -v node) || fail "There is no Node here to bring." "npm ci"
  version=$("$node" -p 'process.version + "-" + process.platform + "-" + process.arch')
  local directory=$vps_releases/node/$version
  # shellcheck disable=SC2016
  if ! on_vps sh -c '[ -x "$1/node" ]' sh "$directory" </dev/null; then
    say "no Node there: bringing $version"
    # shellcheck disable=SC2016
    gzip -1 <"$node" | on_vps sh -c '
      set -eu
      umask 022
      mkdir -p "$1"
      gzip -d >"$1/node.incoming"
      chmod 755 "$1/node.incoming"
      mv "$1/node.incoming" "$1/node"' sh "$directory"
  fi
  on_vps ln -sfn "$directory/node" "$release/dist/node" </dev/null
}

sync() {
  require_bundle
  # shellcheck disable=SC2016
  on_vps sh -c '[ -r "$1/shared/.env.shared" ]' sh "$vps_releases" </dev/null ||
    fail "$vps_releases/shared/.env.shared is missing on $vps_ssh." \
      "there: install -D -m 0600 .env.shared.example $vps_releases/shared/.env.shared, and set the password in it"
  # shellcheck disable=SC2016
  if [[ $revision == *dirty ]] || ! on_vps sh -c '[ -f "$1/REVISION" ]' sh "$release" </dev/null; then send_release; fi
  runs_there || send_node
  # Once more, now with its own words.
  on_vps "$release/infrastructure/scripts/po-migrate" --version </dev/null >/dev/null
  say "release $revision of $environment: $vps_ssh $release"
  printf '%s\n' "$release"
}

# Kept beside the current one, for a look back or a way back.
keep=5

activate() {
  # shellcheck disable=SC2016
  on_vps sh -c '
    set -eu
    umask 022
    base=$1/$2 shared=$1/shared name=$3 keep=$4 registry=$5 tag=$6
    cd "$base"
    [ -f "releases/$name/REVISION" ]
    if [ -n "$registry$tag" ]; then
      printf "REGISTRY=%s\nIMAGE_TAG=%s\n" "$registry" "$tag" >"$shared/.env.$2.new"
      mv "$shared/.env.$2.new" "$shared/.env.$2"
    fi
    ln -sfn "releases/$name" current.new
    mv -T current.new current
    touch "releases/$name"
    ls -1t releases | tail -n "+$((keep + 2))" | while read -r old; do
      # Files of another user: root ran the tool there. The switch is done, and they are in nobody'"'"'s way.
      rm -rf "releases/$old" 2>/dev/null || echo "releases/$old stays: sudo rm -rf \"$base/releases/$old\"" >&2
    done
    ' sh "$vps_releases" "$environment" "${release##*/}" "$keep" "${REGISTRY:-}" "${IMAGE_TAG:-}" </dev/null
  say "current release of $environment: ${release##*/}"
}

list() {
  # shellcheck disable=SC2016
  on_vps sh -c '
    cd "$1/$2" || exit 1
    current=$(readlink current)
    ls -1t releases | while read -r name; do
      [ "$current" = "releases/$name" ] && mark=current || mark=
      printf "%s %s\n" "$name" "$mark"
    done' sh "$vps_releases" "$environment" </dev/null
}

verb=${1:-}
environment=${2:-}
[[ $verb =~ ^(sync|activate|list)$ && $environment =~ ^[a-z0-9][a-z0-9_-]*$ && $# == 2 ]] || { usage >&2; exit 2; }
revision=$(read_revision)
release=$(release_of "$environment" "$revision")
"$verb"
