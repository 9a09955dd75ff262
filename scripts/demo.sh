#!/bin/sh
# The whole story on a small shop of its own: what is found, the patches, the pull requests, and a no that stays one.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
fixbot=$here/${FIXBOT:-.venv/bin/fixbot}
python=$(dirname "$fixbot")/python
work=$(mktemp -d)
hub=
trap 'test -z "$hub" || kill "$hub"; rm -rf "$work"' EXIT

mkdir "$work/shop"
cp -R "$here/examples/." "$work/shop/"
cd "$work/shop"
git init --quiet --initial-branch main .
git add --all

echo '$ fixbot run'
"$fixbot" run --no-cache .

echo
echo '$ fixbot run --write && git diff --stat && fixbot run        (a second run changes nothing)'
"$fixbot" run --no-cache --quiet --write . >/dev/null
git diff --stat
"$fixbot" run --no-cache --quiet .

# A strict stand-in for GitHub, on this machine: the same files, nothing of it leaves.
cd "$here"
git -C "$work/shop" checkout --quiet .
git -C "$work/shop" clean --quiet -fd
"$python" -m tests.hub --repo "$work/shop=acme/shop" >"$work/variables" &
hub=$!
until test -s "$work/variables" && grep -q HUB_PATH "$work/variables"; do sleep 0.1; done
. "$work/variables"
git clone --quiet "$HUB_PATH" "$work/clone"
cd "$work/clone"

echo
echo '$ fixbot run --pr        (on a stand-in for GitHub)'
"$fixbot" run --no-cache --quiet --pr .

echo
echo 'The text of #4:'
echo
cd "$here" && "$python" -m tests.hub show 4 && cd "$work/clone"

echo
echo '$ fixbot run --pr        (a second run writes nothing)'
"$fixbot" run --no-cache --pr . | tail -n 2

echo
echo 'Somebody closes #4. That is a no:'
cd "$here" && "$python" -m tests.hub close 4 >/dev/null && cd "$work/clone"
echo '$ fixbot run --pr'
"$fixbot" run --no-cache --quiet --pr . | grep -A 2 '#4 '
echo '$ fixbot run --pr        (and it stays one)'
"$fixbot" run --no-cache --pr . | tail -n 2
