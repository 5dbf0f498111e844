# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the test_*.sh share: sourced with the path of vpnctl. They run in a folder of their
# own, $dir, and close with finish.
set -u

# shellcheck disable=SC2034 # for who sources this
tool=$(realpath "${1:?usage: $0 path/to/vpnctl}")
# shellcheck disable=SC2034
here=$(realpath "$(dirname "$0")")
dir=$(mktemp -d)
passed=0 failed=0
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# ok STATUS NAME
ok() {
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok: $2"
	fi
}

# have TOOL NAME: it is installed, or the check NAME is skipped
have() {
	command -v "$1" >/dev/null && return
	echo "ok 1 - $2 # SKIP no $1"
	return 1
}

finish() {
	local name=${0##*/}

	echo "${name%.sh}: $passed passed, $failed failed"
	[ "$failed" = 0 ]
}
