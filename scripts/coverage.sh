#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How much of module/core/, and of vpnctl's parsers, do unit tests and fuzzers run?
# Prints a table, names what of a parser has not run, and fails when less than
# COVERAGE_LINES percent (95) of core's lines have.
#
#	RUNS	inputs that each fuzzer makes, beyond those it begins with (20000)
#
# Everything random has a fixed seed, so that two runs print the same.

set -e
. "${0%/*}/lib.sh"

RUNS=${RUNS:-20000}
INSTRUMENT='-fprofile-instr-generate -fcoverage-mapping'

# quiet COMMAND...: its output only when it fails
quiet()
{
	"$@" >"$tmp/log" 2>&1 || { tail -n 40 "$tmp/log"; die "failed: $*"; }
}

# build DIR TARGET [VARIABLE=...]: the tests of a folder, with counters
build()
{
	quiet make -C "$TOP/$1" -j "$(nproc)" --no-print-directory "$2" CC=clang \
		build="$tmp/$1" COVERAGE="$INSTRUMENT" "${@:3}"
}

programs()
{
	find "$tmp" -type f -executable \( -name 'test_*' -o -name 'fuzz_*' \) | sort
}

run_tests()
{
	local program

	while read -r program; do
		quiet "$program"
	done < <(programs | grep '/test_')
	quiet make -C "$TOP/selftests/fuzz" --no-print-directory run build="$tmp/selftests/fuzz" \
		COVERAGE="$INSTRUMENT" LIMIT="-seed=1 -runs=$RUNS"
}

# export_counts FORMAT: what llvm-cov knows of all programs
export_counts()
{
	local program objects=()

	while read -r program; do
		objects+=(-object "$program")
	done < <(programs)
	llvm-cov export -format="$1" -instr-profile="$tmp/profile" "${objects[@]:1}"
}

need make clang llvm-profdata llvm-cov python3
temp_dir
export LLVM_PROFILE_FILE=$tmp/raw/%p.profraw TEST_SEED=1
build selftests/unit all
build selftests/fuzz all
build userspace/tests all
run_tests
llvm-profdata merge -sparse "$tmp"/raw/*.profraw -o "$tmp/profile"
export_counts lcov >"$tmp/lines"
export_counts text >"$tmp/branches"
"$TOP/scripts/coverage.py" "$tmp/lines" "$tmp/branches" "${COVERAGE_LINES:-95}"
