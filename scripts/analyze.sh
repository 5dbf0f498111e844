#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Static analysis of what builds in user space: silent when all is well.
#
#	cppcheck	module/core/, vpnctl, and programs that tests run
#	clang-tidy	the same, and all tests in C; .clang-tidy says for what
#
# The module as a whole is sparse's and coccinelle's: make sparse, make style.

set -e
. "${0%/*}/lib.sh"

CORE=(-Iselftests/unit/shim -Imodule/core)
USER=(-D_GNU_SOURCE -Iuserspace '-DVERSION="analyze"' '-DDATA=""')

# options FILE: what this file is compiled with
options()
{
	case $1 in
	selftests/unit/test_gcm.c) echo "${CORE[@]}" -Iselftests/unit/shim-crypto ;;
	module/core/* | selftests/unit/*) echo "${CORE[@]}" ;;
	selftests/fuzz/fuzz_config.c | selftests/fuzz/fuzz_http.c | selftests/fuzz/fuzz_json.c | \
		selftests/fuzz/fuzz_tunnel.c) echo "${USER[@]}" ;;
	selftests/fuzz/*) echo "${CORE[@]}" -Iselftests/unit ;;
	*) echo "${USER[@]}" ;;
	esac
}

# tidy FILE: its findings; notes of how much was suppressed are left out
tidy()
{
	local output status=0 words

	read -ra words < <(options "$1")
	output=$(clang-tidy --quiet "$1" -- -std=gnu11 "${words[@]}" 2>&1) || status=$?
	grep -v ' warnings\? generated\.$' <<<"$output" | grep . || true
	((status == 0)) || echo "$1: clang-tidy ended with status $status"
}

# check DIRECTORY-ARGUMENT... -- FILE...: cppcheck does not read the system's headers
check()
{
	cppcheck -q -j "$(nproc)" --std=c11 --platform=unix64 --inline-suppr --error-exitcode=1 \
		--enable=warning,performance,portability -D__LONG_WIDTH__=64 \
		--template='{file}:{line}: {message} [{id}]' "$@" 2>&1
}

# run COMMAND...: what it says goes on, and says that something is wrong
run()
{
	local output status=0

	output=$("$@") || status=$?
	[[ $output || $status == 0 ]] || output="$* ended with status $status"
	[[ $output ]] || return 0
	echo "$output"
	failed=1
}

tidy_all()
{
	printf '%s\n' "${core[@]}" "${user[@]}" "${tests[@]}" |
		xargs -P "$(nproc)" -I '{}' "$BASH" "$0" --tidy '{}'
}

cd "$TOP"
if [[ ${1:-} == --tidy ]]; then
	tidy "$2"
	exit
fi
need cppcheck clang-tidy
failed=0
mapfile -t core < <(sources c | grep ^module/core/)
mapfile -t user < <(sources c | grep -E '^(userspace|selftests/interop|selftests)/[^/]*$')
mapfile -t tests < <(sources c | grep -E '^(userspace/tests|selftests/unit|selftests/fuzz)/[^/]*$')
((${#core[@]} && ${#user[@]} && ${#tests[@]})) || die "found no sources: is this a git checkout?"
run check "${CORE[@]}" "${core[@]}"
# libmnl's loops are macros
run check "${USER[@]}" --include=/usr/include/libmnl/libmnl.h "${user[@]}"
run tidy_all
exit $failed
