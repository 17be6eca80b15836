#!/usr/bin/env bash
# deploy-stack.sh STACK FILE: `docker stack deploy`, on a manager, until every service runs what FILE says of it. Exit 1 with the words of
# its tasks where one was rolled back, stopped in mid-update, or is not there within DEPLOY_TIMEOUT seconds (600).
set -euo pipefail

(($# == 2)) || { sed -n '2,3s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; }
stack=$1 file=$2
deadline=$((SECONDS + ${DEPLOY_TIMEOUT:-600}))

say() { echo "deploy-stack: $*" >&2; }

services() { # NAME MODE RUNNING/WANTED of each
  docker service ls --filter "label=com.docker.stack.namespace=$stack" --format '{{.Name}} {{.Mode}} {{.Replicas}}'
}

fail() { # SERVICE WHY
  say "$1 $2"
  docker service ps --no-trunc --format '  {{.Name}} {{.Image}} {{.CurrentState}} {{.Error}}' "$1" | head -n 5 >&2
  exit 1
}

# Neither of tasks that are still the old ones, nor before the swarm has begun: an update has no state in its first moment.
is_settled() { # NAME MODE RUNNING/WANTED
  local state image images
  state=$(docker service inspect --format '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}' "$1")
  case $state in
    paused | rollback_paused) fail "$1" "is stopped in mid-update ($state)" ;;
    rollback_completed) fail "$1" "was rolled back: it runs what it ran before" ;;
    updating | rollback_started) return 1 ;;
  esac
  [[ $2 != *job ]] || return 0
  [[ ${3%/*} == "${3#*/}" ]] || return 1
  image=$(docker service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}' "$1")
  images=$(docker service ps --no-trunc --filter desired-state=running --format '{{.Image}}' "$1" | sort -u)
  [[ -z $images || $images == "${image%@*}" || $images == "$image" ]]
}

all_settled() {
  local line
  while read -ra line; do is_settled "${line[@]:0:3}" || { waiting=${line[0]}; return 1; }; done < <(services)
}

options=(--with-registry-auth)
# A client before 26 only begins, and one that waits answers 0 all the same where the swarm took a release back: the loop below decides.
! docker stack deploy --help | grep -q -- --detach || options+=(--detach=false --quiet)
docker stack deploy "${options[@]}" --compose-file "$file" "$stack"
waiting='' quiet=0
while ((quiet < 3)); do
  if all_settled; then quiet=$((quiet + 1)); else quiet=0; fi
  ((SECONDS < deadline)) || fail "$waiting" "does not run as $file says within ${DEPLOY_TIMEOUT:-600} s"
  sleep 1
done
say "$(services | wc -l) services of $stack run as $file says"
