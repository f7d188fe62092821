#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Plays the field's scenarios, when their folder lies beside the repository: conformance.sh FOLDER PROGRAM [ARGUMENT ...]
# Those of the areas below that need no DNSSEC validation, i.e. name no trust anchor in their head.
set -eu
folder=$1
program=$2
shift 2
if [ ! -d "$folder" ]; then
	echo "skipped: no $folder; the field's scenarios are not part of this repository"
	exit 77
fi
for area in iteration cname-dname scrubbing-poisoning qname-minimisation negative-cache ttl-cache forwarding \
	policy-local-data prefetch; do
	if [ ! -d "$folder/$area" ]; then
		echo "skipped: no area $area in $folder"
		continue
	fi
	for file in "$folder/$area"/*.rpl; do
		sed '/CONFIG_END/q' "$file" | grep -q '^[[:space:]]*trust-anchor:' || set -- "$@" "$file"
	done
done
exec "$program" --known "$(dirname "$0")/known_failures.txt" "$@"
