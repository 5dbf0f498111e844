#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Data races: the guests' scripts that do most at once, in a kernel with KCSAN, which is
# built first if it is not in the cache.
#
#	check-kcsan.sh [SCRIPT...]	(tunnel.sh, race.sh, lifetime.sh)
#
# A report in whose stacks mytun takes part is a failure. The others are Linux's own; their
# number is told. Every 200th access is watched, not every 4000th as usual: an emulated
# processor makes fewer of them in a minute.

set -e
. "${0%/*}/lib.sh"

vm=$TOP/selftests/vm
logs=${LOGS:-$TOP/build/check-kcsan}

# reports LOG: those with mytun in them, and at the end the number of all
reports()
{
	awk '/BUG: KCSAN: /	{ report = ""; inside = 1; all++ }
		inside		{ report = report "\n" $0 }
		inside && /====================/ { if (report ~ /mytun/) print report; inside = 0 }
		END		{ print all + 0 }' "$1"
}

# check SCRIPT: in a guest of its own; false when it is not clean
check()
{
	local name=${1##*/} status=0

	"$vm/run.sh" --kernel kcsan --append "$KCSAN_OFTEN" --timeout 3000 \
		--out "$logs/$name" --allow-warn 'BUG: KCSAN: |Call Trace:' -- \
		/usr/bin/env SLOW=4 TIMEOUT=2700 "LOG_ALLOWED=BUG: KCSAN: " \
		/selftests/run-kselftest.sh "$1" \
		>"$logs/$name.log" 2>&1 || status=$?
	if ((status)); then
		echo "not ok $1: status $status; see $logs/$name.log"
		return 1
	fi
	tr -d '\r' <"$logs/$name/kernel.log" >"$logs/$name/kernel"
	reports "$logs/$name/kernel" >"$logs/$name/reports"
	if [[ $(wc -l <"$logs/$name/reports") != 1 ]]; then
		sed '$d' "$logs/$name/reports"
		echo "not ok $1: data races; see $logs/$name/reports"
		return 1
	fi
	echo "ok $1: no data race of mytun's ($(<"$logs/$name/reports") of Linux's own)"
}

scripts=("$@")
((${#scripts[@]})) || scripts=(tunnel.sh race.sh lifetime.sh)
rm -rf "$logs"
mkdir -p "$logs"
"$TOP/scripts/deps.sh"
"$vm/build-kernel.sh" kcsan
guest_module kcsan "$logs/build.log" W=1 DEBUG=1
guest_tools
check_each "${scripts[@]}"
