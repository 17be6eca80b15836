#!/usr/bin/env bash
# A swarm of two nodes for the tests: two engines of our own, each in a network namespace of its own, with a cable between them.
set -euo pipefail

usage() {
  cat <<'END'
usage: test-swarm.sh start       start it, a manager and a worker; prints lines to eval: PO_SWARM_MANAGER, PO_SWARM_WORKER
       test-swarm.sh cut         the network between the nodes is gone
       test-swarm.sh mend        it is back
       test-swarm.sh kill        SIGKILL to the manager's dockerd
       test-swarm.sh revive      start it again, as systemd would
       test-swarm.sh manager COMMAND…   run it in the network of the manager
       test-swarm.sh stop        stop both; their images stay as a cache
Needs root on Debian or Ubuntu, and an engine that answers with the test images in it. It lives in PO_SWARM_DIR (default: beside
that engine, in PO_ENGINE_DIR or below the user's cache), its nodes' engines below that.
END
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=infrastructure/images/versions.env
. "$here/../images/versions.env"
dir=${PO_SWARM_DIR:-${PO_ENGINE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/po-migrate/engine}/swarm}
[[ $dir == /* ]] || dir=$PWD/$dir
checksum=$(cksum <<<"$dir")
hash=$(printf %08x "${checksum%% *}")
images=("po-migrate-test/dbmate:$DBMATE_VERSION" "po-migrate-test/postgres:$POSTGRES_MAJOR" po-migrate-test/stand-in:1)

say() { echo "test-swarm: $*" >&2; }
die() { say "$@"; exit 6; }
space() { echo "pos-$hash-$1"; }
# Not `ip netns exec`: that mounts a /sys without cgroups.
inside() { nsenter --net="/run/netns/$(space "$1")" "${@:2}"; }
engine() { PO_ENGINE_DIR=$dir/node-$1 inside "$1" env -u DOCKER_HOST "$here/test-engine.sh" "${@:2}"; }
on() { DOCKER_HOST=$(<"$dir/host-$1") docker "${@:2}"; }

cable() {
  local n
  for n in 1 2; do
    [[ -e /run/netns/$(space "$n") ]] || ip netns add "$(space "$n")"
    inside "$n" ip link set lo up
  done
  inside 1 ip link show cable >/dev/null 2>&1 ||
    ip link add cable netns "$(space 1)" type veth peer name cable netns "$(space 2)"
  for n in 1 2; do
    inside "$n" ip addr replace "10.99.99.$n/24" dev cable
    inside "$n" ip link set cable up
  done
}

# Nodes have no way to a registry, nor to Debian: what they need they get from here.
provide() { # NODE
  local image plugin missing=() plugins=$dir/node-$1/docker-config/cli-plugins
  plugin=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins/docker-compose
  [[ ! -e $plugin || -e $plugins/docker-compose ]] || install -D "$plugin" "$plugins/docker-compose"
  # `docker` and dockerd themselves, where the engine that answers is no package of this machine.
  command -v dockerd >/dev/null || PATH=$PATH:/usr/sbin command -v dockerd >/dev/null || die "dockerd is not installed: apt-get install docker.io"
  engine "$1" start --own >"$dir/env-$1"
  (eval "$(<"$dir/env-$1")"; echo "$DOCKER_HOST") >"$dir/host-$1"
  for image in "${images[@]}"; do
    [[ $(on "$1" image inspect -f '{{.Id}}' "$image" 2>/dev/null) == "$(docker image inspect -f '{{.Id}}' "$image")" ]] || missing+=("$image")
  done
  ((${#missing[@]} == 0)) || { say "node $1: copying ${missing[*]}"; docker save "${missing[@]}" | on "$1" load -q >/dev/null; }
}

form() {
  local n token
  # What a killed run left would come back with it.
  for n in 1 2; do
    on "$n" swarm leave --force >/dev/null 2>&1 || true
    on "$n" ps -aq | xargs -r env DOCKER_HOST="$(<"$dir/host-$n")" docker rm -fv >/dev/null
    on "$n" volume ls -q | xargs -r env DOCKER_HOST="$(<"$dir/host-$n")" docker volume rm -f >/dev/null
  done
  on 1 swarm init --advertise-addr 10.99.99.1 --default-addr-pool 10.98.0.0/16 >/dev/null
  token=$(on 1 swarm join-token -q worker)
  on 2 swarm join --advertise-addr 10.99.99.2 --token "$token" 10.99.99.1:2377 >/dev/null
}

start() {
  [[ $(id -u) == 0 && -x /usr/bin/apt-get ]] || die "needs root on Debian or Ubuntu"
  docker version --format . >/dev/null 2>&1 || die "no engine answers from which the images are taken: infrastructure/scripts/test-engine.sh start"
  mkdir -p "$dir"
  cable
  provide 1
  provide 2
  form
  printf 'export PO_SWARM_MANAGER=%q\nexport PO_SWARM_WORKER=%q\n' "$(<"$dir/host-1")" "$(<"$dir/host-2")"
}

run_of() { dirname "$(sed 's,^unix://,,' "$dir/host-$1")"; }

kill_manager() {
  local pid
  pid=$(<"$(run_of 1)/docker.pid")
  grep -qF "$dir/node-1/data" "/proc/$pid/cmdline" || die "process $pid is not the manager's dockerd"
  cp "/proc/$pid/cmdline" "$dir/command"
  kill -KILL "$pid"
  while [[ -e /proc/$pid ]] && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; do sleep 0.1; done
}

revive() {
  local command run deadline=$((SECONDS + 120))
  mapfile -d '' -t command <"$dir/command"
  run=$(run_of 1)
  # Nobody may have reaped the dead one yet; then its number still counts as running.
  rm -f "$run/docker.pid" "$run/exec/containerd/containerd.pid"
  inside 1 setsid "${command[@]}" </dev/null >>"$dir/node-1/dockerd.log" 2>&1 &
  until on 1 node ls >/dev/null 2>&1; do ((SECONDS < deadline)) || die "the manager does not come back"; sleep 0.2; done
}

stop() {
  local n
  for n in 2 1; do
    [[ -e /run/netns/$(space "$n") ]] || continue
    [[ ! -e $dir/host-$n ]] || on "$n" swarm leave --force >/dev/null 2>&1 || true
    engine "$n" stop
    ip netns del "$(space "$n")"
  done
}

case ${1:-} in
  start) start ;;
  cut) inside 2 ip link set cable down ;;
  mend) cable ;;
  kill) kill_manager ;;
  revive) revive ;;
  manager) exec nsenter --net="/run/netns/$(space 1)" "${@:2}" ;;
  stop) stop ;;
  help | -h | --help) usage ;;
  *) usage >&2; exit 2 ;;
esac
