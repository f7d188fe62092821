#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Plays the field's scenarios, when their folder lies beside the repository: conformance.sh FOLDER PROGRAM [ARGUMENT ...]
# All areas but those of features that are not built: stale answers, zone transfer, RPZ.
set -eu
folder=$1
program=$2
shift 2
if [ ! -d "$folder" ]; then
	echo "skipped: no $folder; the field's scenarios are not part of this repository"
	exit 77
fi
for area in "$folder"/*/; do
	case $(basename "$area") in
	serve-stale | auth-zone-xfr | rpz-respip) continue ;;
	esac
	set -- "$@" "$area"*.rpl
done
exec "$program" --known "$(dirname "$0")/known_failures.txt" "$@"
