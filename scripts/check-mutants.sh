#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Would the tests notice? Each patch of selftests/mutants/ puts one bug into the module; the
# script that it names must then fail, and say what the patch says it finds.
#
#	check-mutants.sh [NAME...]	(all of them)
#
# "debug" is the kernel of check-debug.sh, "kcsan" that of check-kcsan.sh. A guest for each, one after the other.

set -e
. "${0%/*}/lib.sh"

vm=$TOP/selftests/vm
tree=$TOP/build/mutants/tree
logs=$TOP/build/mutants

# field PATCH NAME: a line of its head
field()
{
	sed -n "s/^$2: //p; /^--- /q" "$1"
}

# prepare KERNEL: once for each
prepare()
{
	[[ ! ${prepared[$1]:-} ]] || return 0
	if [[ $1 == debug || $1 == kcsan ]]; then
		"$vm/build-kernel.sh" "$1"
	else
		"$vm/fetch.sh" "$1"
	fi
	prepared[$1]=1
}

# mutate PATCH KERNEL: build the module with the bug, in a tree of its own. Only what differs
# is written, with a new time: make compiles that, and what the mutant before had changed.
mutate()
{
	mkdir -p "$tree/selftests/vm"
	rsync -rl --checksum --delete --exclude='*.'{o,ko,mod,mod.c,cmd,d} \
		"$TOP"/{Makefile,Kbuild,module} "$tree/"
	rsync -a "$vm"/*.sh "$tree/selftests/vm/"
	rsync -a "$TOP/selftests/module" "$tree/selftests/"
	# Called in a condition, where "set -e" has no force
	patch -s -d "$tree" -p 1 --no-backup-if-mismatch <"$1" || return
	# Compilers may warn of what is wrong now
	"$tree/selftests/vm/build.sh" "$2" DEBUG=1
}

# run KERNEL SCRIPT: in a guest
run()
{
	local options=(--kernel "$1" --timeout 1800) slow=1

	case $1 in
	debug) options+=(--mem 3G) slow=6 ;;
	kcsan) options+=(--append "$KCSAN_OFTEN") slow=4 ;;
	esac
	MYTUN_MODULE=$tree/selftests/vm/out/$1/mytun.ko "$vm/run.sh" "${options[@]}" -- \
		/usr/bin/env SLOW=$slow FRESH=1 TIMEOUT=1700 /selftests/run-kselftest.sh "$2"
}

# check NAME: is it caught?
check()
{
	local patch=$TOP/selftests/mutants/$1.patch log=$logs/$1.log kernel script finds status=0

	[[ -e $patch ]] || die "there is no mutant $1"
	kernel=$(field "$patch" Kernel) script=$(field "$patch" Script)
	finds=$(field "$patch" Finds)
	prepare "$kernel"
	mutate "$patch" "$kernel" >"$log" 2>&1 || { tail "$log" >&2; die "$1 cannot be built"; }
	run "$kernel" "$script" >>"$log" 2>&1 || status=$?
	# 72, 73: the guest never got to an end, or to a beginning
	if ((status == 0 || status == 72 || status == 73)) || ! grep -aqE "$finds" "$log"; then
		echo "not ok $1: $script in $kernel ended with status $status; see $log"
		return 1
	fi
	echo "ok $1: $script in $kernel, $(grep -acE "$finds" "$log") lines"
}

declare -A prepared
mkdir -p "$logs"
mutants=("$@")
if ((${#mutants[@]} == 0)); then
	mapfile -t mutants < <(cd "$TOP/selftests/mutants" && printf '%s\n' *.patch | sed 's/\.patch$//')
fi
"$TOP/scripts/deps.sh"
guest_tools
check_each "${mutants[@]}"
