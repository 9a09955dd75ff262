#!/bin/sh
# The main job on a small repository of its own: what is found, the patches, and what a pull request would say.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
fixbot=$here/${FIXBOT:-.venv/bin/fixbot}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -R "$here/examples/." "$work/"
cd "$work"
git init --quiet .
git add --all

echo '$ fixbot run'
"$fixbot" run --no-cache .

echo
echo '$ fixbot run --format markdown        (the texts of the proposals)'
"$fixbot" run --no-cache --format markdown .

echo
echo '$ fixbot run --write && git diff --stat && fixbot run        (a second run changes nothing)'
"$fixbot" run --no-cache --quiet --write . >/dev/null
git diff --stat
"$fixbot" run --no-cache --quiet .
