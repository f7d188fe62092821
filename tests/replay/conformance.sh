#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Plays the scenarios that a list names, when the list is there: conformance.sh SIM LIST
set -eu
if [ ! -f "$2" ]; then
	echo "skipped: no $2; the field's scenarios are not part of this repository"
	exit 77
fi
exec "$1" --known "$(dirname "$0")/known_failures.txt" --list "$2"
