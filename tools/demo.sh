#!/usr/bin/env bash
# The main job on the sample corpus, from a folder of posts to an answer.
#
#	tools/demo.sh build/release/twin [FOLDER]   FOLDER: where the demo lives (build/demo)
#
# What is there from an earlier run is used again, as `twin run` always does.
set -euo pipefail
cd "$(dirname "$0")/.."
twin=$PWD/$1
dir=${2:-build/demo}

step() {
	printf '\n$ twin %s\n' "$*"
	"$twin" -C "$dir" "$@"
}

mkdir -p "$dir"
cp -r samples/mara "$dir/"
if [ ! -e "$dir/twin.yaml" ]; then
	printf '$ twin init --name Mara --posts mara %s\n' "$dir"
	"$twin" init --name Mara --posts mara "$dir"
fi
step run
step ask "When should I replace a bicycle chain?"
printf '\nAsk on with: %s -C %s ask "…"   or: chat, search, serve, show, status\n' "$1" "$dir"
