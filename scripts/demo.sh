#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# `make demo`: install what is missing, build, boot a guest, and show a tunnel on
# one screen. selftests/demo.sh is what runs in the guest.
#
#	KERNEL	of selftests/vm/fetch.sh (6.1)
#	KIND	kind of the devices (mytun), TOOL what configures them (vpnctl)

set -e -o pipefail
. "${0%/*}/lib.sh"

kernel=${KERNEL:-6.1}
vm=$TOP/selftests/vm
log=$TOP/build/demo.log

# quietly WORDS COMMAND...: what the command says is shown when it fails
quietly()
{
	printf '%s ... ' "$1"
	if "${@:2}" >"$log" 2>&1 </dev/null; then
		echo "done"
		return
	fi
	echo "failed:"
	tail -n 30 "$log"
	exit 1
}

mkdir -p "$TOP/build"
quietly "installing what is missing" "$TOP/scripts/deps.sh" build guest
quietly "fetching Linux $kernel (the first time only)" "$vm/fetch.sh" "$kernel"
if [[ ${KIND:-mytun} == mytun ]]; then
	quietly "building mytun.ko" "$vm/build.sh" "$kernel"
	quietly "building vpnctl" make -C "$TOP/userspace"
fi
echo "booting the guest ..."
colour=''
[[ ! -t 1 || ${NO_COLOR:-} ]] || colour=1
"$vm/run.sh" --kernel "$kernel" --timeout 300 -- /usr/bin/env COLOUR=$colour \
	KIND="${KIND:-mytun}" TOOL="${TOOL:-vpnctl}" /selftests/demo.sh 2>"$log" |
	sed -u '/^run\.sh [0-9]*: exit/d' || {
	status=$?
	cat "$log"
	die "the demonstration did not work (status $status)"
}
