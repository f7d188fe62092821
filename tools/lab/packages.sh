#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs those packages of tests/packages.txt that are missing; says nothing much when none is.
set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
list=$(dirname "$0")/../../tests/packages.txt

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "packages: this is no Debian system; install what corresponds to $list" >&2
	exit 1
fi

mapfile -t wanted < <(sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$list")
declare -A have
while read -r name status; do
	[ "$status" != ii ] || have[${name%%:*}]=1
done < <(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' "${wanted[@]}" 2>/dev/null || true)
missing=()
for name in "${wanted[@]}"; do
	[ -n "${have[$name]:-}" ] || missing+=("$name")
done
if [ ${#missing[@]} = 0 ]; then
	echo "packages: all ${#wanted[@]} are installed"
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	echo "packages: missing, and only root can install them: ${missing[*]}" >&2
	exit 1
fi

echo "packages: installing ${#missing[@]} of ${#wanted[@]}: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# The lab runs its own servers in its own namespaces: what a package would start on this host stays off.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	trap 'rm -f "$policy"' EXIT
fi
# a package may be gone from the index of the last update: refresh first, but an index that cannot be had is no
# fault when the old one serves
apt-get -q update || echo "packages: the package index could not be refreshed; trying with the old one" >&2
if ! apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "${missing[@]}"; then
	echo "packages: apt-get failed. Mend: check the sources in /etc/apt, then: apt-get install ${missing[*]}" >&2
	exit 1
fi
