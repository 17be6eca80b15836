#!/usr/bin/env bash
# A Docker engine with compose v2 for the tests: the one that answers, or one of our own.
# shellcheck disable=SC2016,SC2086  # apt and docker formats carry their own $(…) and {{…}}; remove_left splits commands
set -euo pipefail

usage() {
  cat <<'EOF'
usage: test-engine.sh start [--own] [--mirror HOST:PORT]    find or start an engine; prints lines to eval
       test-engine.sh run [--own] [--mirror HOST:PORT] CMD…  CMD with such an engine; stops what it started
       test-engine.sh env                                    the lines of the running engine, or exit 6
       test-engine.sh stop                                   stop our own engine; images stay as a cache
  --own     our own engine, even where another one answers
  --mirror  a registry mirror for our own engine ('' for none), also while it runs; or PO_ENGINE_MIRROR
Our own engine needs root on Debian or Ubuntu; it lives in PO_ENGINE_DIR (default: below the user's cache).
EOF
}

say() { echo "test-engine: $*" >&2; }
die() { local code=$1; shift; say "$@"; exit "$code"; }

found_docker=$(command -v docker || true)
PATH=$PATH:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin

dir=${PO_ENGINE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/po-migrate/engine}
[[ $dir == /* ]] || dir=$PWD/$dir
checksum=$(cksum <<<"$dir")
number=${checksum%% *}
hash=$(printf %08x "$number")
# Socket paths end at 108 bytes, so nothing of $dir goes into them.
run=/run/po-migrate-engine-$hash
socket=unix://$run/docker.sock
bridge=poe-$hash
# Distinct per directory: several engines, the system's too, share one machine.
net=10.$((128 + number % 64))

bounded() { if command -v timeout >/dev/null; then timeout "$@"; else "${@:2}"; fi; }
ours() { DOCKER_HOST=$socket DOCKER_CONFIG=$dir/docker-config DOCKER_CONTEXT='' "$@"; }

alive() { # PIDFILE NEEDLE: the process lives and is the one we started, not a later owner of its number
  [[ -s $1 ]] && tr '\0' ' ' 2>/dev/null <"/proc/$(<"$1")/cmdline" | grep -qF -- "$2"
}
own_alive() { alive "$run/docker.pid" "--pidfile=$run/docker.pid "; }
own_answers() { own_alive && ours bounded 5 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

other_answers() {
  [[ ${DOCKER_HOST:-} != "$socket" ]] || return 1
  bounded 5 docker version --format '{{.Server.Version}}' >/dev/null 2>&1 && has_compose
}
has_compose() {
  local version
  version=$(docker compose version --short 2>/dev/null) && version=${version#v} && ((${version%%.*} >= 2))
}

own_env() {
  printf 'export DOCKER_HOST=%q\n' "$socket"
  printf 'export DOCKER_CONFIG=%q\n' "$dir/docker-config"
  [[ -n $found_docker ]] || printf 'export PATH=%q\n' "$PATH"
  # Its image can't be pulled where no registry answers.
  echo 'export TESTCONTAINERS_RYUK_DISABLED=true'
  echo 'export PO_ENGINE_OWNED=1'
}

other_env() {
  local endpoint=${DOCKER_HOST:-}
  # Not every client reads docker's contexts. One with TLS or ssh is more than its address: left alone.
  [[ -n $endpoint ]] || endpoint=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || true)
  [[ $endpoint != unix://* ]] || printf 'export DOCKER_HOST=%q\n' "$endpoint"
  [[ -z ${DOCKER_CONFIG:-} ]] || printf 'export DOCKER_CONFIG=%q\n' "$DOCKER_CONFIG"
  echo 'export TESTCONTAINERS_RYUK_DISABLED=true'
  echo 'unset PO_ENGINE_OWNED'
}

apt_install() {
  say "installing with apt: $*"
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@")
  if ! "${install[@]}" </dev/null >>"$dir/apt.log" 2>&1; then
    apt-get update -qq >>"$dir/apt.log" 2>&1 || true
    "${install[@]}" </dev/null >>"$dir/apt.log" 2>&1 || {
      tail -n 20 "$dir/apt.log" >&2
      die 6 "apt could not install: $*"
    }
  fi
}

mirror_uri() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 'Component: main' | sort -u | head -n 1
}

# The release's own compose is v1. The system's apt sources stay as they are.
newer_compose() {
  local apt=$dir/apt uri
  uri=$(mirror_uri)
  if [[ -z $uri ]]; then
    apt-get update -qq >>"$dir/apt.log" 2>&1 || true
    uri=$(mirror_uri)
  fi
  [[ -n $uri ]] || die 6 "apt knows no Debian mirror to take docker-compose from; install compose v2"
  say "fetching compose v2 from Debian trixie (the system's apt sources are untouched)"
  rm -rf "$apt"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/root"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri trixie main" >"$apt/sources.list"
  local options=(-qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null -o APT::Default-Release=
    -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
  (cd "$apt" && apt-get "${options[@]}" update && apt-get "${options[@]}" download docker-compose) >>"$dir/apt.log" 2>&1 || {
    tail -n 20 "$dir/apt.log" >&2
    die 6 "could not fetch docker-compose from Debian trixie"
  }
  dpkg-deb -x "$apt"/docker-compose_*.deb "$apt/root"
  install -D "$(find "$apt/root" -path '*/cli-plugins/docker-compose' -print -quit)" "$dir/docker-config/cli-plugins/docker-compose"
  rm -rf "$apt"
}

provide() {
  local need=() tool package
  for tool in dockerd:docker.io docker:docker.io containerd:containerd iptables:iptables ip:iproute2; do
    package=${tool#*:}
    command -v "${tool%%:*}" >/dev/null || [[ " ${need[*]-} " == *" $package "* ]] || need+=("$package")
  done
  # Ubuntu has compose v2 under a name of its own.
  if ! ours has_compose && apt-cache show docker-compose-v2 >/dev/null 2>&1; then need+=(docker-compose-v2); fi
  ((${#need[@]} == 0)) || apt_install "${need[@]}"
  ours has_compose || newer_compose
  ours has_compose || die 6 "docker compose does not work: $(ours docker compose version 2>&1 | tail -n 1)"
}

write_settings() { # MIRROR
  local mirrors=''
  [[ -z $1 ]] || mirrors="\"http://$1\""
  printf '{"registry-mirrors": [%s], "insecure-registries": ["127.0.0.0/8"]}\n' "$mirrors" >"$dir/daemon.json.new"
  ! cmp -s "$dir/daemon.json.new" "$dir/daemon.json" || { rm "$dir/daemon.json.new"; return 1; }
  mv "$dir/daemon.json.new" "$dir/daemon.json"
}

# What a killed daemon left: its containerd and shims, whose command lines name our run directory.
kill_rest() {
  local entry pid
  for entry in /proc/[0-9]*/cmdline; do
    pid=${entry//[^0-9]/}
    if tr '\0' ' ' 2>/dev/null <"$entry" | grep -qE "^[^ ]*(containerd|containerd-shim[^ ]*|docker-proxy) .*$run/"; then
      # A shim's death alone would leave its containers running.
      pkill -KILL -P "$pid" 2>/dev/null || true
      kill -KILL "$pid" 2>/dev/null || true
    fi
  done
  umount "$run"/exec/netns/* 2>/dev/null || true
  while mountpoint -q "$dir/data"; do umount -R "$dir/data" || break; done
  rm -rf "$run/docker.pid" "$run/docker.sock" "$run/exec"
}

start_daemon() {
  kill_rest
  mkdir -p "$dir/data" "$run/exec"
  write_settings "${mirror-}" || true
  # A container's restart policy would bring it back before we can remove it.
  find "$dir/data/containers" -name hostconfig.json -exec \
    sed -i 's/"RestartPolicy":{"Name":"[^"]*"/"RestartPolicy":{"Name":"no"/' {} + 2>/dev/null || true
  ip link show "$bridge" >/dev/null 2>&1 || ip link add "$bridge" type bridge
  ip addr replace "$net.0.1/24" dev "$bridge"
  ip link set "$bridge" up
  say "starting dockerd (images in $dir/data, log in $dir/dockerd.log)"
  # 9 is the lock: it must not live as long as the daemon.
  setsid dockerd --host="$socket" --pidfile="$run/docker.pid" --exec-root="$run/exec" --data-root="$dir/data" \
    --config-file="$dir/daemon.json" --bridge="$bridge" \
    --default-address-pool="base=$net.128.0/17,size=24" </dev/null >"$dir/dockerd.log" 2>&1 9>&- &
  local pid=$! deadline=$((SECONDS + 60))
  until own_answers; do
    if ! kill -0 "$pid" 2>/dev/null || ((SECONDS >= deadline)); then
      tail -n 20 "$dir/dockerd.log" >&2
      kill "$pid" 2>/dev/null || true
      die 6 "dockerd did not come up; the end of its log is above"
    fi
    sleep 0.2
  done
  remove_left containers 'docker ps -aq' 'docker rm -f -v'
  # A run that is started again under the same names must not find the data of one that was killed.
  remove_left volumes 'docker volume ls -q' 'docker volume rm -f'
  remove_left networks 'docker network ls -q --filter type=custom' 'docker network rm'
}

remove_left() { # THINGS LIST REMOVE: what a killed run left; images stay as a cache
  local left
  mapfile -t left < <(ours $2)
  ((${#left[@]})) || return 0
  say "removing ${#left[@]} $1 left by an earlier run"
  ours $3 "${left[@]}" >/dev/null || true
}

lock() {
  mkdir -p "$dir" "$run"
  exec 9>"$run/lock"
  flock -w 300 9 || die 6 "another start or stop of the engine hangs"
}

explain() {
  cat >&2 <<'EOF'
test-engine: no Docker engine with compose v2 answers, and only root on Debian or Ubuntu can start one here.
  Debian, Ubuntu:  sudo infrastructure/scripts/test-engine.sh run --own make test
  other Linux:     install Docker Engine 20.10 or newer and its compose plugin 2.26 or newer, start it
  macOS, Windows:  install and start Docker Desktop
Then `docker version` and `docker compose version` must both answer.
EOF
  exit 6
}

started=''
start() {
  if [[ -z $own ]] && other_answers; then
    say "using the engine that answers"
    [[ -z ${mirror:-} ]] || die 2 "--mirror is for our own engine: add --own"
    engine=other
    return
  fi
  engine=own
  [[ $(id -u) == 0 && -e /etc/debian_version && -x /usr/bin/apt-get ]] || explain
  lock
  if ! own_answers; then
    ! own_alive || die 6 "our dockerd runs but does not answer: see $dir/dockerd.log, or stop it first"
    provide
    start_daemon
    started=yes
  elif [[ -n ${mirror+set} ]] && write_settings "$mirror"; then
    say "registry mirror: ${mirror:-none}"
    kill -HUP "$(<"$run/docker.pid")"
    sleep 1
  fi
  exec 9>&-
}

stop() {
  [[ -d $run ]] || { say "our engine does not run"; return; }
  lock
  if own_alive; then
    local pid deadline=$((SECONDS + 30))
    pid=$(<"$run/docker.pid")
    say "stopping dockerd and its containers"
    kill "$pid"
    while own_alive && ((SECONDS < deadline)); do sleep 0.1; done
    ! own_alive || kill -KILL "$pid"
  fi
  kill_rest
  ip link delete "$bridge" 2>/dev/null || true
  exec 9>&-
}

run_command() {
  start
  eval "$("${engine}_env")"
  [[ -n $started ]] || exec "$@"
  trap stop EXIT
  # In the background, so that a signal to this shell is passed on at once; bash ignores SIGINT there.
  env --default-signal=INT,QUIT "$@" <&0 &
  local child=$! code=0
  trap 'kill -TERM "$child" 2>/dev/null' TERM
  # A terminal sends Ctrl-C to the command too, and twice often means "at once".
  if [[ -t 0 ]]; then trap : INT; else trap 'kill -INT "$child" 2>/dev/null' INT; fi
  wait "$child" || code=$?
  while kill -0 "$child" 2>/dev/null; do
    code=0
    wait "$child" || code=$?
  done
  exit "$code"
}

verb=${1:-}
shift || true
own=''
[[ -z ${PO_ENGINE_MIRROR+set} ]] || mirror=$PO_ENGINE_MIRROR
while (($#)); do
  case $1 in
    --own) own=yes ;;
    --mirror) (($# >= 2)) || { usage >&2; exit 2; }; mirror=$2; shift ;;
    --) shift; break ;;
    -*) usage >&2; exit 2 ;;
    *) break ;;
  esac
  shift
done
case $verb in
  start) start; "${engine}_env" ;;
  run) (($#)) || { usage >&2; exit 2; }; run_command "$@" ;;
  env)
    if [[ -z $own ]] && other_answers; then other_env
    elif own_answers; then own_env
    else die 6 "no engine runs: test-engine.sh start"; fi
    ;;
  stop) stop ;;
  help | -h | --help) usage ;;
  *) usage >&2; exit 2 ;;
esac
