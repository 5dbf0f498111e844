#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every test there is, with a line for each stage and, at the end,
# "N passed, N failed", which counts single checks.
#
#	check.sh [--guest-only | --brief | --long] [KERNEL...]	(6.1)
#	check.sh --debug [SCRIPT...]	(every script of the guests)
#
#	--guest-only	what runs in the guests, and nothing of the host's
#	--brief		of that only whether the module builds, loads, passes its
#			self-tests, carries traffic and answers on netlink
#	--long		and what takes minutes more for each kernel
#	--debug		the guests' scripts in the debug kernel, which is built first if
#			it is not in the cache, with more patience and smaller numbers;
#			a guest for each SCRIPT, or for a few of all of them
#	FUZZ_SECONDS	seconds for each fuzzer (5)
#	LOGS		folder for the logs (build/check; with --debug build/check-debug)
#
# The preparations come first, one after the other. Then one lane for the host runs beside
# two with a guest each, which take what is next whenever they are free; none with a guest
# after a failed preparation.
#
# A stage that ends with an error, or without any result, is a failure.

set -e
. "${0%/*}/lib.sh"

KSFT_SKIP=4
FUZZ_SECONDS=${FUZZ_SECONDS:-5}
logs=${LOGS:-$TOP/build/check}
vm=$TOP/selftests/vm

# ---- the stages: what they print is TAP, or becomes one check by single() ----

# single NAME COMMAND...: one check, which passes when the command does
single()
{
	local name=$1

	shift
	if "$@"; then echo "ok $name"; else echo "not ok $name"; fi
}

stage_deps()
{
	"$TOP/scripts/deps.sh" && "$TOP/scripts/kernel-scripts.sh"
}

stage_kernel()
{
	"$vm/fetch.sh" "$1"
}

stage_ynl_client()
{
	"$vm/ynl.sh" >/dev/null
}

# The one that the tests use
stage_module()
{
	single "module for $1 with DEBUG builds without warnings" "$vm/build.sh" "$1" W=1 DEBUG=1
}

stage_module_release()
{
	single "module for $1 builds without warnings" "$vm/build.sh" --aside "$1" W=1
}

stage_userspace()
{
	single "vpnctl builds" make -C "$TOP/userspace"
	single "guest helpers build" make -C "$TOP/selftests" all
	single "interop helpers build" make -C "$TOP/selftests/interop"
}

stage_unit()
{
	CMOCKA_MESSAGE_OUTPUT=TAP make -C "$TOP/selftests/unit" check
}

stage_abi()
{
	local ynl

	python3 "$TOP/selftests/unit/check-netlink.py"
	ynl=$("$vm/ynl.sh")
	single "mytun.yaml is as the kernel's schema wants it" python3 "$ynl/tools/net/ynl/pyynl/cli.py" \
		--spec "$TOP/docs/netlink/mytun.yaml" --schema "$ynl/Documentation/netlink/genetlink.yaml" \
		--validate
}

stage_vpnctl()
{
	CMOCKA_MESSAGE_OUTPUT=TAP make -C "$TOP/userspace" check
}

stage_fuzz()
{
	local dir=$TOP/selftests/fuzz file

	make -C "$dir" -j2
	for file in "$dir"/fuzz_*.c; do
		file=${file##*/}
		single "${file%.c} for $FUZZ_SECONDS s" \
			make -C "$dir" run TARGETS="${file%.c}" SECONDS="$FUZZ_SECONDS"
	done
}

stage_dkms()
{
	"$TOP/scripts/test-dkms.sh"
}

# guest KERNEL OPTION... -- COMMAND...: what run.sh says of its own is marked, as it
# may repeat lines of the command's. The guest is made for the tests, so one that skips
# all of them is broken.
guest()
{
	local status=0

	{
		MYTUN_VM_GUESTS=2 "$vm/run.sh" --kernel "$1" --timeout 900 "${@:2}" 2>&1 >&3 |
			sed -u 's/^/! /'
	} 3>&1 || status=$?
	((status != KSFT_SKIP)) || { echo "not ok the guest can run the tests"; status=1; }
	return "$status"
}

# Where 4 Mbit/s get through, and other guests take their share
DEBUG_SLOW=6
DEBUG_TIMEOUT=2700
DEBUG_SCALE=(PEERS=1000 FUZZ=1500)

# Once we initiate, once another does. Not WireGuard: it sets its timer for the next try after it
# has sent the first. Where the kernel lets others in between, it initiates twice, and the checks
# that count that are in vain.
DEBUG_PAIRS='mytun:wireguard wireguard-go:mytun'

# kselftest KERNEL OPTION... [--env NAME=VALUE]... -- ARGUMENT...: of run-kselftest.sh
kselftest()
{
	local kernel=$1 options=() environment=(TIMEOUT=1800)

	shift
	if [[ $kernel == debug ]]; then
		options=(--mem 3G --timeout $((2 * DEBUG_TIMEOUT)))
		environment=(SLOW="$DEBUG_SLOW" TIMEOUT="$DEBUG_TIMEOUT" FRESH=1 "${DEBUG_SCALE[@]}")
	fi
	while [[ $1 != -- ]]; do
		if [[ $1 == --env ]]; then
			environment+=("$2")
			shift
		else
			options+=("$1")
		fi
		shift
	done
	guest "$kernel" "${options[@]}" -- /usr/bin/env "${environment[@]}" \
		/selftests/run-kselftest.sh "${@:2}"
}

# stage_kselftest KERNEL I N: a part of those that want two processors
stage_kselftest()
{
	kselftest "$1" -- --parallel "$2/$3"
}

stage_kselftest_timers()
{
	kselftest "$1" --icount -- --timers
}

# stage_kselftest_serial KERNEL I N [long]: a part of the others, on one processor, whose idle
# time costs nothing, if time is short
stage_kselftest_serial()
{
	local options=()

	[[ ${4:-} ]] || options=(--icount)
	kselftest "$1" "${options[@]}" -- --serial "$2/$3"
}

stage_kselftest_brief()
{
	kselftest "$1" -- selftest.sh tunnel.sh keys.sh
}

# wait_scripts KERNEL: those that are better run where idle time costs nothing
wait_scripts()
{
	"$TOP/selftests/run-kselftest.sh" --list --timers
	[[ $1 != debug ]] || "$TOP/selftests/run-kselftest.sh" --list --serial 1/1
}

# stage_script KERNEL SCRIPT: in a guest of its own, of the kind that it wants
stage_script()
{
	local options=()

	case $2 in
	*.py) options=(--icount --with python) ;;
	interop/*)
		# Of the guest's time, most of which is skipped
		options=(--icount --env TIMEOUT=9000)
		[[ $1 != debug ]] || options+=(--env PAIRS="$DEBUG_PAIRS") ;;
	ipv6_off.sh) options=(--icount --append ipv6.disable=1) ;;
	no_simd.sh) options=(--icount --append 'clearcpuid=ssse3,avx,avx2,bmi2,adx') ;;
	faults.sh) options=(--icount --allow-warn 'Call Trace:') ;;
	memory.sh) options=(--icount --mem 512M) ;;
	overload.sh) options=(--icount) ;;
	lowmem.sh)
		options=(--mem 512M --allow-warn 'Call Trace:')
		# The shadow of KASAN, and lockdep's tables
		[[ $1 != debug ]] || options+=(--mem 1G) ;;
	*)
		! grep -Fqx "$2" <<<"$(wait_scripts "$1")" || options=(--icount) ;;
	esac
	kselftest "$1" "${options[@]}" -- "$2"
}

# Of genetlink.py: peers to dump, messages to make up
NETLINK_SCALE=(PEERS=2000 FUZZ=2000)

stage_netlink()
{
	guest "$1" --with python -- /usr/bin/env "${NETLINK_SCALE[@]}" python3 /selftests/genetlink.py
}

# YNL wants Python's yaml, and nothing else that the guest does not have
stage_ynl()
{
	local ynl yaml

	ynl=$("$vm/ynl.sh")
	yaml=$(/usr/bin/python3 -c 'import os, yaml; print(os.path.dirname(yaml.__file__))')
	guest "$1" --with python --add "$ynl/tools/net/ynl/pyynl:/ynl/tools/net/ynl/pyynl" \
		--add "$TOP/docs/netlink/mytun.yaml:/ynl/mytun.yaml" --add "$yaml:$yaml" -- /selftests/ynl.sh
}

# What was sent, judged by a program that is not ours
stage_captures()
{
	local out=$logs/captures-$1

	rm -rf "$out"
	kselftest "$1" --out "$out" -- captures.sh || return
	"$TOP/scripts/judge-captures.sh" "$out"
}

stage_interop()
{
	guest "$1" -- /selftests/interop/interop-fast.sh
}

stage_interop_timers()
{
	guest "$1" --icount -- /selftests/interop/interop-timers.sh
}

# With its progress on the terminal: it takes a while
stage_own_kernel()
{
	"$vm/build-kernel.sh" "$1" 2>&1 | tee >(sed -u 's/^/        /' >&3)
}

# ---- the table: lane, stage, arguments ----

# Minutes each
LONG_SCRIPTS=(matrix.sh churn.sh memory.sh lowmem.sh overload.sh)
# Into so many parts the scripts are divided, and those for one processor
PARTS=3
SERIAL_PARTS=2
# The same for the debug kernel, where a panic ends all of a part
DEBUG_PARTS=4
DEBUG_SERIAL_PARTS=6
# Of whose source the client is that takes minutes to say each request
YNL_KERNEL=7.2

# parts STAGE KERNEL N [WORD...]: a stage for each part
parts()
{
	local i

	for ((i = 1; i <= $3; i++)); do
		echo guest "$1" "$2" "$i" "$3" "${@:4}"
	done
}

# debug_stages: what is run in the debug kernel
debug_stages()
{
	local script

	if ((${#scripts[@]})); then
		printf 'guest script debug %s\n' "${scripts[@]}"
		return
	fi
	# The longest come first
	parts kselftest_serial debug "$DEBUG_SERIAL_PARTS"
	for script in $("$TOP/selftests/run-kselftest.sh" --list --long) interop/interop-timers.sh \
		interop/interop-fast.sh genetlink.py lowmem.sh; do
		echo guest script debug "$script"
	done
	echo guest kselftest_timers debug
	parts kselftest debug "$DEBUG_PARTS"
	printf 'guest script debug %s\n' ipv6_off.sh no_simd.sh
	echo guest captures debug
}

# stages: what is to be done for the kernels in $kernels
stages()
{
	local kernel script

	echo prepare deps
	if [[ $debug ]]; then
		echo prepare own_kernel debug
		echo prepare module debug
		echo prepare userspace
		echo host module_release debug
		debug_stages
		return
	fi
	echo prepare ynl_client
	for kernel in "${kernels[@]}"; do
		# The network is needed here for the last time
		echo prepare kernel "$kernel"
		echo prepare module "$kernel"
	done
	echo prepare userspace
	for kernel in "${kernels[@]}"; do
		echo host module_release "$kernel"
	done
	if [[ ! $guest_only ]]; then
		echo host unit
		echo host abi
		echo host vpnctl
		echo host fuzz
		echo host dkms
	fi
	for kernel in "${kernels[@]}"; do
		[[ $kernel != "$YNL_KERNEL" ]] || echo guest ynl "$kernel"
		if [[ $brief ]]; then
			echo guest kselftest_brief "$kernel"
			echo guest netlink "$kernel"
			continue
		fi
		parts kselftest_serial "$kernel" "$SERIAL_PARTS" ${long:+long}
		parts kselftest "$kernel" "$PARTS"
		echo guest kselftest_timers "$kernel"
		echo guest interop_timers "$kernel"
		echo guest interop "$kernel"
		echo guest netlink "$kernel"
		echo guest script "$kernel" ipv6_off.sh
		echo guest captures "$kernel"
		echo guest script "$kernel" no_simd.sh
		[[ $long ]] || continue
		for script in "${LONG_SCRIPTS[@]}"; do
			echo guest script "$kernel" "$script"
		done
	done
}

# Stages that are there to make something, not to check
PREPARES='deps|kernel|own_kernel|ynl_client'

# ---- running them ----

clock()
{
	printf '%3d:%02d' $((SECONDS / 60)) $((SECONDS % 60))
}

# tell WORDS...: one line, whole, whoever else writes
tell()
{
	printf '%s  %s\n' "$(clock)" "$*"
}

# judge LOG STATUS STAGE: what the log says, in LOG.result as count.awk prints it
judge()
{
	local passed failed skipped rest

	tr -d '\000' <"$1" | awk -f "$TOP/scripts/count.awk" >"$1.count"
	{ read -r passed failed skipped; rest=$(cat); } <"$1.count"
	if (($2 == KSFT_SKIP && skipped > 0 && passed + failed == 0)); then
		:
	elif (($2 && failed == 0)); then
		failed=$((failed + 1)) rest+=$'\n'"failed ended with status $2"
	elif ((passed + failed + skipped == 0)) && [[ ! $3 =~ ^($PREPARES)$ ]]; then
		failed=1 rest="failed ended without any result"
	fi
	printf '%d %d %d\n%s\n' "$passed" "$failed" "$skipped" "$rest" >"$1.result"
	rm "$1.count"
}

# why LOG: the part of a log that tells what went wrong
why()
{
	sed -n 's/^failed /\t/p' "$1.result" | head -n 30
	# What a check has said comes before its line
	awk '/^ *not ok / { print said "\t" $0 } /^ *#/ { said = said "\t" $0 "\n"; next } { said = "" }' \
		"$1" | tail -n 60
	echo "	--- the end of $1"
	grep -avE '^ *ok ' "$1" | tail -n "${TAIL:-25}" | sed 's/^/\t/'
	echo "	---"
}

# stage_name STAGE [ARGUMENT...]
stage_name()
{
	local IFS=-

	# Without folders
	set -- "${@##*/}"
	echo "$*"
}

# run_stage STAGE [ARGUMENT...]: its log, result, and line; false when it failed
run_stage()
{
	local name log status=0 start=$SECONDS passed failed skipped

	name=$(stage_name "$@")
	log=$logs/$name.log
	tell "....  $name"
	# "set -e" has no force in a condition, so it is a shell of its own
	LOGS=$logs "$BASH" "$0" --stage "$@" 3>&1 >"$log" 2>&1 </dev/null || status=$?
	judge "$log" "$status" "$1"
	read -r passed failed skipped <"$log.result"
	if ((failed)); then
		tell "FAIL  $name: $passed passed, $failed failed, $skipped skipped ($((SECONDS - start)) s)"
		why "$log"
		return 1
	fi
	tell "ok    $name: $passed passed, $skipped skipped ($((SECONDS - start)) s)"
}

# run_lane LANE: its stages that no other has begun, whatever becomes of them
run_lane()
{
	local stage

	while read -ra stage; do
		[[ ${stage[0]} == "$1" ]] || continue
		stage=("${stage[@]:1}")
		! mkdir "$logs/$(stage_name "${stage[@]}").begun" 2>/dev/null ||
			run_stage "${stage[@]}" || true
	done < <(stages)
}

prepare()
{
	local stage failed=0

	while read -ra stage; do
		[[ ${stage[0]} == prepare ]] || continue
		run_stage "${stage[@]:1}" || failed=1
	done < <(stages)
	((!failed))
}

# stop: end the lanes, and what they have started, when we are ended
stop()
{
	local lane

	trap '' INT TERM
	for lane in $(jobs -p); do
		# A process group each
		kill -- "-$lane" 2>/dev/null || true
	done
	wait
	exit 130
}

# report: the skips with their reasons, and the closing line. A stage that has
# left no result counts as failed, too.
report()
{
	local passed=0 failed=0 skipped=0 stage result counts

	while read -ra stage; do
		stage=("${stage[@]:1}")
		result=$logs/$(stage_name "${stage[@]}").log.result
		if [[ ! -e $result ]]; then
			echo "not run: ${stage[*]}"
			failed=$((failed + 1))
			continue
		fi
		read -ra counts <"$result"
		passed=$((passed + counts[0])) failed=$((failed + counts[1])) skipped=$((skipped + counts[2]))
		sed -n "s,^skipped ,skipped: ${stage[*]}: ,p" "$result"
	done < <(stages)
	echo
	echo "logs: $logs; $((SECONDS / 60)) min $((SECONDS % 60)) s"
	if ((skipped)); then
		echo "$passed passed, $failed failed, $skipped skipped"
	else
		echo "$passed passed, $failed failed"
	fi
	((failed == 0 && passed > 0))
}

guest_only='' brief='' long='' debug='' scripts=()
if [[ ${1:-} == --stage ]]; then
	set -o pipefail
	"stage_$2" "${@:3}"
	exit
elif [[ ${1:-} == --debug ]]; then
	debug=1
	logs=${LOGS:-$TOP/build/check-debug}
	shift
	scripts=("$@")
	set --
elif [[ ${1:-} == --guest-only || ${1:-} == --brief ]]; then
	guest_only=1
	[[ $1 != --brief ]] || brief=1
	shift
elif [[ ${1:-} == --long ]]; then
	long=1
	shift
fi
kernels=("$@")
((${#kernels[@]})) || kernels=(6.1)

rm -rf "$logs"
mkdir -p "$logs"
trap stop INT TERM HUP
lanes=(host guest guest)
# The guests want everything that has been prepared
prepare || lanes=(host)
set -m
for lane in "${lanes[@]}"; do
	run_lane "$lane" &
done
wait
report
