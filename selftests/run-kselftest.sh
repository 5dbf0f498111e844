#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run scripts of this folder one after the other, their checks as they come:
#
#	run-kselftest.sh [--list] [--parallel I/N | --serial I/N | --timers | --long | --all | SCRIPT...]
#
# Without arguments: all of TEST_PROGS in the Makefile but those that depend on time, which
# --timers runs; they are for a guest whose time is the number of its instructions. --serial is
# those for which one processor is enough, --parallel the others; of both every Nth from the Ith
# on, so that guests can share; --long those that take minutes each, --all these and TEST_PROGS.
# --list prints the names and runs nothing. TIMEOUT is how many
# seconds a script may take (600). The output is KTAP, a result for each script and in it one
# for each check, and in the end
#
#	# Totals: pass:N fail:N xfail:0 xpass:0 skip:N error:N
#
# with the single checks. An error is a script that ended early or did not do what it had
# planned. Where the kernel has kmemleak, the module is unloaded after each script, and there
# is one more result: that they left no memory that nothing points to. What others had lost
# before is found first, and does not count; FRESH=1 says that there were no others. The exit
# status is 0 when nothing failed, 4 when nothing but skips is left, 1 otherwise.

set -u
cd "$(dirname "$0")" || exit 1

KMEMLEAK=/sys/kernel/debug/kmemleak
PASS=0
FAIL=0
SKIP=0
ERROR=0

# listed VARIABLE: words of a variable of the Makefile
listed()
{
	sed -n ":a; /\\\\$/{N; s/\\\\\n//; ba}; s/^$1 *[:+]\?= *//p" Makefile
}

# part I/N SCRIPT...: every Nth from the Ith on
part()
{
	local scripts=("${@:2}") i

	for ((i = ${1%/*} - 1; i < ${#scripts[@]}; i += ${1#*/})); do
		echo -n "${scripts[i]} "
	done
}

# chosen ARGUMENT...: the scripts to run
chosen()
{
	local all timers serial long others=() parallel=() script

	read -r -a all < <(listed TEST_PROGS)
	read -r -a timers < <(listed TEST_PROGS_TIMERS)
	read -r -a serial < <(listed TEST_PROGS_SERIAL)
	read -r -a long < <(listed TEST_PROGS_LONG)
	for script in "${all[@]}"; do
		[[ " ${timers[*]} " != *" $script "* ]] || continue
		others+=("$script")
		[[ " ${serial[*]} " == *" $script "* ]] || parallel+=("$script")
	done
	case ${1:-} in
	--timers) echo "${timers[@]}" ;;
	--serial) part "$2" "${serial[@]}" ;;
	--parallel) part "$2" "${parallel[@]}" ;;
	--long) echo "${long[@]}" ;;
	--all) echo "${all[@]}" "${long[@]}" ;;
	"") echo "${others[@]}" ;;
	-*) sed -n '3,/^$/s/^#[ ]\{0,1\}//p' "$0" >&2 ;;
	*) echo "$@" ;;
	esac
}

# count: read a script's output, show it, and count; false if anything is missing
count()
{
	local line planned=-1 seen=0

	while IFS= read -r line; do
		case $line in
		1..*)
			planned=${line#1..}
			planned=${planned%% *}
			[[ $line != *"# SKIP"* ]] || SKIP=$((SKIP + 1)) ;;
		"ok "*"# SKIP"*)
			SKIP=$((SKIP + 1)) seen=$((seen + 1)) ;;
		"ok "*)
			PASS=$((PASS + 1)) seen=$((seen + 1)) ;;
		"not ok "*)
			FAIL=$((FAIL + 1)) seen=$((seen + 1)) ;;
		esac
		echo "    $line"
	done
	((planned == seen))
}

# leak_scan: an object counts as leaked when it is 5 s old and two scans have not found
# a pointer to it. False when kmemleak has given itself up, as it does for want of memory.
leak_scan()
{
	echo scan >"$KMEMLEAK" && sleep 6 && echo scan >"$KMEMLEAK"
}

# leaks_forget: what others have lost so far is no script's fault. Only what a scan has
# reported can be cleared.
leaks_forget()
{
	leak_scan
	echo clear >"$KMEMLEAK"
}

# unload SCRIPT: what a loaded module can still find is not lost, though nobody will ask for
# it. (One that is built in has no such file.)
unload()
{
	[[ ! -e /sys/module/${KIND:-mytun}/initstate ]] || modprobe -r "${KIND:-mytun}" ||
		rmmod "${KIND:-mytun}" || STUCK+="the module cannot be unloaded after $1"$'\n'
}

# leaks_none NUMBER SCRIPT...: the result that says whether they have left any
leaks_none()
{
	local found=$STUCK

	if ! leak_scan; then
		found+="kmemleak does not scan"
	else
		found+=$(<"$KMEMLEAK")
	fi
	if [[ $found ]]; then
		echo "# ${found//$'\n'/$'\n'# }"
		echo clear >"$KMEMLEAK"
		FAIL=$((FAIL + 1))
		echo "not ok $1 E46 no memory is left behind by: ${*:2}"
		return
	fi
	PASS=$((PASS + 1))
	echo "ok $1 E46 no memory is left behind by: ${*:2}"
}

# run NUMBER SCRIPT
run()
{
	local begin=$SECONDS status=0 complete=1 result=ok note='' shell=bash

	[[ $2 != *.py ]] || shell=python3
	count < <(timeout -k 10 "${TIMEOUT:-600}" "$shell" "./$2" 2>&1) || complete=
	wait $! || status=$?
	case $complete$status in
	10) ;;
	14) note=" # SKIP" ;;
	11) result="not ok" ;;
	*)
		ERROR=$((ERROR + 1))
		result="not ok"
		note=" (ended early, $status)" ;;
	esac
	echo "# $2 took $((SECONDS - begin)) s"
	echo "$result $1 $2$note"
}

list=''
[[ ${1:-} != --list ]] || { list=1; shift; }
read -r -a scripts < <(chosen "$@")
((${#scripts[@]})) || exit 1
[[ ! $list ]] || { printf '%s\n' "${scripts[@]}"; exit; }
leaks=0 STUCK=''
[[ ! -w $KMEMLEAK ]] || leaks=1
echo "KTAP version 1"
echo "1..$((${#scripts[@]} + leaks))"
((!leaks)) || [[ ${FRESH:-} ]] || leaks_forget
for i in "${!scripts[@]}"; do
	run $((i + 1)) "${scripts[i]}"
	((!leaks)) || unload "${scripts[i]}"
done
((!leaks)) || leaks_none $((i + 2)) "${scripts[@]}"

echo "# Totals: pass:$PASS fail:$FAIL xfail:0 xpass:0 skip:$SKIP error:$ERROR"
((FAIL + ERROR == 0)) || exit 1
((PASS)) || exit 4
