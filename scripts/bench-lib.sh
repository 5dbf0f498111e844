# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts of `make bench...` share: sourced by them, as scripts/lib.sh is.
set -eo pipefail
. "${0%/*}/lib.sh"

kernel=${KERNEL:-6.1}
out=$TOP/build/bench

# bench_guest CSV PATTERN OPTION... -- COMMAND...: a command of selftests/bench in a guest of
# run.sh. Its lines with the pattern are the table; all of them are shown, unless $quiet is set.
bench_guest()
{
	local csv=$1 pattern=$2 vm=$TOP/selftests/vm

	shift 2
	mkdir -p "$out"
	"$TOP/scripts/deps.sh" build guest
	"$vm/fetch.sh" "$kernel"
	guest_module "$kernel" "$out/build.log"
	guest_tools
	make -s -C "$TOP/selftests/bench"
	"$vm/run.sh" --kernel "$kernel" "$@" | tee -a "${quiet:-/dev/stderr}" | grep -E "$pattern" >"$csv"
	echo
}
