#!/bin/sh
# One machine, several processes: sh xargs.sh --org example. SHARDS says how many there are at once.
# Run again the next night in the same folder, it looks only at what changed.
set -eu
shards=${SHARDS:-4}
fixbot fleet plan "$@" --shards "$shards" --at-once "$shards"
set -- fleet-plan.json
if test -e fleet-report.json; then set -- "$@" --since-report fleet-report.json; fi

status=0
seq "$shards" | xargs -P "$shards" -I {} fixbot fleet run "$@" --shard "{}/$shards" || status=1
fixbot fleet run fleet-plan.json --pr --since-report fleet-results || status=1
fixbot fleet report fleet-plan.json --format json --output fleet-report.json || status=1
fixbot fleet report fleet-plan.json --format html --output fleet.html || status=1
exit "$status"
