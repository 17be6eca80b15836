#!/usr/bin/env bash
# The images of the tests: the official ones where their registry answers, else faithful equivalents.
# Always as po-migrate-test/*; under the upstream names too with UPSTREAM=1 or in the tests' own engine.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/po-migrate/images
label=po-migrate-test.inputs
path='"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]'
# shellcheck source=infrastructure/images/versions.env
. "$here/versions.env"
case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) echo "images: no images for $(uname -m)" >&2; exit 6 ;;
esac

say() { echo "images: $*" >&2; }
die() { say "$*"; exit 6; }
bounded() { if command -v timeout >/dev/null; then timeout "$@"; else "${@:2}"; fi; }
digest() { sha256sum | cut -c1-64; }

need() { # TOOL:PACKAGE…
  local tool packages=()
  for tool in "$@"; do command -v "${tool%:*}" >/dev/null || packages+=("${tool#*:}"); done
  ((${#packages[@]})) || return 0
  [[ $(id -u) == 0 && -x /usr/bin/apt-get ]] || die "install ${packages[*]} first, or give Docker access to a registry"
  say "installing with apt: ${packages[*]}"
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}")
  "${install[@]}" </dev/null >/dev/null 2>&1 || { apt-get update -qq && "${install[@]}" </dev/null >/dev/null; } ||
    die "apt could not install: ${packages[*]}"
}

inspect() { docker image inspect --format "$2" "$1" 2>/dev/null; }

# One probe a call, and never a long one.
registry_answers() {
  [[ -n ${registry:-} ]] || {
    registry=no
    ! bounded 20 docker manifest inspect "amacneil/dbmate:$DBMATE_VERSION" >/dev/null 2>&1 || registry=yes
  }
  [[ $registry == yes ]]
}

# Ours is fresh when built from the same inputs; one without our label is the official one.
present() { # IMAGE INPUTS
  local found
  found=$(inspect "$1" "{{.Id}} {{index .Config.Labels \"$label\"}}") || return 1
  found=${found#* }
  [[ -z $found || $found == '<no value>' || $found == "$2" ]]
}

official() { # IMAGE UPSTREAM
  [[ -z ${PO_ENGINE_OWNED:-} ]] || ! inspect "$2" . >/dev/null || return 1
  registry_answers || return 1
  say "$1: pulling $2"
  bounded 600 docker pull -q "$2" >&2 && docker tag "$2" "$1"
}

provide() { # IMAGE UPSTREAM BUILDER INPUTS
  local image=$1 upstream=$2 builder=$3 inputs=$4 before=$SECONDS
  if present "$image" "$inputs"; then
    say "$image is fresh"
  elif [[ -n $upstream ]] && official "$image" "$upstream"; then
    say "$image is the official $upstream"
  else
    say "building $image"
    "$builder" "$image" "$inputs"
    say "$image built in $((SECONDS - before)) s"
  fi
  if [[ -n $upstream && (${UPSTREAM:-} == 1 || -n ${PO_ENGINE_OWNED:-}) ]]; then docker tag "$image" "$upstream"; fi
}

# `docker import` can't set a stop signal, and building needs BuildKit in new engines: an archive to load is both.
import() { # IMAGE INPUTS CONFIG LAYER
  local dir=$work/archive machine=amd64
  [[ $arch == x64 ]] || machine=arm64
  mkdir "$dir"
  mv "$4" "$dir/layer.tar"
  cat >"$dir/config.json" <<EOF
{"architecture": "$machine", "os": "linux", "created": "1970-01-01T00:00:00Z",
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$(digest <"$dir/layer.tar")"]},
 "config": {$3, "Labels": {"$label": "$2"}}}
EOF
  echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"$1\"], \"Layers\": [\"layer.tar\"]}]" >"$dir/manifest.json"
  tar -C "$dir" -c manifest.json config.json layer.tar | docker load -q >/dev/null
  rm -r "$dir"
}

# A root directory with busybox, as close to Alpine's as Debian has it.
busybox_root() { # DIRECTORY
  need busybox:busybox-static update-ca-certificates:ca-certificates
  local applet
  mkdir -p "$1"/{bin,sbin,usr/bin,usr/sbin,etc/ssl/certs,proc,sys,dev,root,var}
  install -d -m 1777 "$1/tmp" "$1/var/tmp"
  cp "$(command -v busybox)" "$1/bin/busybox"
  while read -r applet; do
    [[ $applet == bin/busybox ]] || ln -s /bin/busybox "$1/$applet"
  done < <(busybox --list-full)
  cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
  printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'app:x:1000:1000::/:/bin/sh' 'nobody:x:65534:65534:nobody:/:/sbin/nologin' >"$1/etc/passwd"
  printf '%s\n' 'root:x:0:' 'app:x:1000:' 'nobody:x:65534:' >"$1/etc/group"
}

pack() { tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$1.tar" .; }

dbmate_binary() {
  local package=@dbmate/linux-$arch file
  file=$root/node_modules/$package/bin/dbmate
  if [[ ! -x $file ]]; then
    file=$cache/dbmate-$DBMATE_VERSION/package/bin/dbmate
    if [[ ! -x $file ]]; then
      say "fetching $package@$DBMATE_VERSION from npm"
      mkdir -p "$cache/dbmate-$DBMATE_VERSION"
      npm pack --silent --pack-destination "$cache" "$package@$DBMATE_VERSION" >/dev/null
      tar -xzf "$cache/dbmate-linux-$arch-$DBMATE_VERSION.tgz" -C "$cache/dbmate-$DBMATE_VERSION"
      chmod +x "$file"
    fi
  fi
  echo "$file"
}

build_dbmate() {
  local dir=$work/dbmate
  busybox_root "$dir"
  install -D "$(dbmate_binary)" "$dir/usr/local/bin/dbmate"
  pack "$dir"
  import "$@" "$path, \"Entrypoint\": [\"/usr/local/bin/dbmate\"]" "$dir.tar"
}

# $major from $suite, its data in $data, $declared being a volume: what the official image has of this major.
postgres_rootfs() { # TAR
  need mmdebstrap:mmdebstrap
  local mirror
  mirror=$(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' 'Label: Debian' 'Component: main' | sort -u | head -n 1)
  # A mirror may be days behind, and its lists of a suite that is not released yet are valid for one week.
  # The ids of the official image, before Debian's package takes others.
  # shellcheck disable=SC2016
  mmdebstrap --quiet --variant=minbase --mode=root --format=tar \
    --include="postgresql-$major,postgresql-$major-pgvector,locales,xz-utils,zstd" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-include=/usr/share/locale/de/LC_MESSAGES/pg_*' \
    --essential-hook='echo postgres:x:999: >>"$1/etc/group"' \
    --essential-hook='echo postgres:x:999:999::/var/lib/postgresql:/bin/bash >>"$1/etc/passwd"' \
    --essential-hook='mkdir -p "$1/etc/postgresql-common" "$1/usr/share/locale/de/LC_MESSAGES"; echo create_main_cluster = false >"$1/etc/postgresql-common/createcluster.conf"' \
    --customize-hook='chroot "$1" localedef -i en_US -c -f UTF-8 en_US.UTF-8' \
    --customize-hook='chroot "$1" localedef -i de_DE -c -f UTF-8 de_DE.UTF-8' \
    --customize-hook='sed -i "s/^#listen_addresses = .*/listen_addresses = '"'*'"'/" "$1"/usr/share/postgresql/*/postgresql.conf.sample' \
    --customize-hook='mkdir -p "$1/docker-entrypoint-initdb.d"; chroot "$1" install -d -o postgres -g postgres -m 1777 '"$declared" \
    --customize-hook='rm -rf "$1"/usr/share/i18n/locales "$1"/etc/ssl/private/*' \
    --aptopt='Acquire::Check-Valid-Until "false"' "$suite" "$1" ${mirror:+"$mirror"}
}

build_postgres() {
  local rootfs tar=$work/postgres.tar
  rootfs=$cache/postgres-$arch-$major-$(rootfs_inputs).tar
  if [[ ! -s $rootfs ]]; then
    mkdir -p "$cache"
    postgres_rootfs "$work/rootfs.tar"
    rm -f "$cache/postgres-$arch-$major"-*.tar
    mv "$work/rootfs.tar" "$rootfs"
  fi
  cp "$rootfs" "$tar"
  tar -C "$here/postgres" -rf "$tar" --transform 's,^,usr/local/bin/,' --owner=0 --group=0 --mode=755 docker-entrypoint.sh
  # mmdebstrap empties /run.
  mkdir -p "$work/socket"
  tar -C "$work" -rf "$tar" --transform 's,^socket,run/postgresql,' --owner=999 --group=999 --mode=3777 socket
  import "$@" "$(
    cat <<EOF
"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["postgres"], "StopSignal": "SIGINT",
"ExposedPorts": {"5432/tcp": {}}, "Volumes": {"$declared": {}},
"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/lib/postgresql/$major/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG=en_US.utf8", "PG_MAJOR=$major", "PGDATA=$data"]
EOF
  )" "$tar"
}

# pgbouncer, and a shell to write its configuration.
build_pgbouncer() {
  need mmdebstrap:mmdebstrap
  # shellcheck disable=SC2046  # no word at all where apt knows no mirror: then it takes its own
  mmdebstrap --quiet --variant=minbase --mode=root --format=tar --include=pgbouncer \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' trixie "$work/pgbouncer.tar" $(debian_mirror)
  import "$@" "$path, \"User\": \"65534:65534\", \"Cmd\": [\"pgbouncer\", \"/tmp/pgbouncer.ini\"]" "$work/pgbouncer.tar"
}

# What the runner image stands on: Debian's essential packages and apt, without their documentation.
build_debian() {
  need mmdebstrap:mmdebstrap
  # shellcheck disable=SC2046  # no word at all where apt knows no mirror: then it takes its own
  mmdebstrap --quiet --variant=minbase --mode=root --format=tar \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' trixie "$work/debian.tar" $(debian_mirror)
  import "$@" "$path, \"Cmd\": [\"bash\"]" "$work/debian.tar"
}

debian_mirror() {
  apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' 'Label: Debian' 'Component: main' | sort -u | head -n 1
}

rootfs_inputs() { { declare -f postgres_rootfs; echo "$major $suite $declared"; cat "$here/versions.env"; } | digest | cut -c1-16; }

build_stand_in() {
  if [[ $(uname) != Linux ]]; then
    docker build -q --label "$label=$2" -t "$1" "$here/stand-in" >/dev/null
    return
  fi
  local dir=$work/stand-in library node=$root/node_modules/node/bin/node
  busybox_root "$dir"
  install -D "$node" "$dir/usr/local/bin/node"
  # node and the libraries of this machine that it was installed to run with.
  while read -r library; do install -D "$library" "$dir$library"; done < <(ldd "$node" | grep -o '/[^ ]*')
  install -D -m 644 "$here/stand-in/dist/server.mjs" "$dir/app/server.mjs"
  pack "$dir"
  # As the Dockerfile says.
  local ask="require('http').get('http://127.0.0.1:8080/healthz', (r) => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"
  import "$@" "$(
    cat <<EOF
$path, "User": "1000:1000", "Cmd": ["node", "/app/server.mjs"], "ExposedPorts": {"8080/tcp": {}},
"Healthcheck": {"Test": ["CMD", "node", "-e", "$ask"], "Interval": 5000000000, "Timeout": 5000000000, "StartPeriod": 10000000000}
EOF
  )" "$dir.tar"
}

bundle_stand_in() {
  local bundle=$here/stand-in/dist/server.mjs source
  for source in "$here/stand-in/"server.{ts,mjs}; do
    [[ -e $source ]] || continue
    [[ ! -e $bundle || -n $(find "$here/stand-in" -name dist -prune -o -type f -newer "$bundle" -print -quit) ]] || return 0
    "$root/node_modules/.bin/esbuild" "$source" --bundle --platform=node --format=esm --log-level=warning --outfile="$bundle" \
      --banner:js="import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
    return 0
  done
  [[ -e $bundle ]]
}

docker version --format '{{.Server.Version}}' >/dev/null 2>&1 ||
  die "no Docker engine answers: eval \"\$(infrastructure/scripts/test-engine.sh start)\" first"
work=$(mktemp -d "${TMPDIR:-/tmp}/po-migrate-images.XXXXXX")
trap 'rm -rf "$work"' EXIT

dbmate_inputs=$({ declare -f build_dbmate busybox_root pack import; cat "$here/versions.env"; } | digest)
provide "po-migrate-test/dbmate:$DBMATE_VERSION" "amacneil/dbmate:$DBMATE_VERSION" build_dbmate "$dbmate_inputs"

provide_postgres() { # MAJOR SUITE VOLUME PGDATA
  local major=$1 suite=$2 declared=$3 data=$4 inputs
  inputs=$({ declare -f build_postgres postgres_rootfs import; echo "$*"; cat "$here/versions.env" "$here/postgres/docker-entrypoint.sh"; } | digest)
  provide "po-migrate-test/postgres:$major" "pgvector/pgvector:pg$major" build_postgres "$inputs"
}
provide_postgres "$POSTGRES_MAJOR" trixie /var/lib/postgresql/data /var/lib/postgresql/data
# Since 18 the volume is a directory above, with one for each major.
provide_postgres 18 forky /var/lib/postgresql /var/lib/postgresql/18/docker

pgbouncer_inputs=$(declare -f build_pgbouncer import | digest)
provide po-migrate-test/pgbouncer:1 '' build_pgbouncer "$pgbouncer_inputs"

debian_inputs=$(declare -f build_debian import | digest)
provide po-migrate-test/debian:trixie debian:trixie-slim build_debian "$debian_inputs"

if bundle_stand_in; then
  stand_in_inputs=$({ declare -f build_stand_in busybox_root pack import; cat "$here/stand-in/dist/server.mjs" "$root/node_modules/node/package.json" "$here/stand-in/Dockerfile"; } | digest)
  provide po-migrate-test/stand-in:1 '' build_stand_in "$stand_in_inputs"
else
  say "no infrastructure/images/stand-in/server.ts yet: its image is left out"
fi
# What the rebuilt ones replaced.
docker image prune -f --filter "label=$label" >/dev/null
