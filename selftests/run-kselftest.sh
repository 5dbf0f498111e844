#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run scripts of this folder one after the other, their checks as they come:
#
#	run-kselftest.sh [--odd | --even | --timers | --all | SCRIPT...]
#
# Without arguments: all of TEST_PROGS in the Makefile but those that mostly wait, which
# --timers runs; a guest that skips idle time is quick with them. --odd and --even halve
# what is left, for two guests side by side. The output is KTAP, a
# result for each script and in it one for each check, and in the end
#
#	# Totals: pass:N fail:N xfail:0 xpass:0 skip:N error:N
#
# with the single checks. An error is a script that ended early or did not do what it had
# planned. The exit status is 0 when nothing failed, 4 when nothing but skips is left, 1
# otherwise.

set -u
cd "$(dirname "$0")" || exit 1

PASS=0
FAIL=0
SKIP=0
ERROR=0

# listed VARIABLE: words of a variable of the Makefile
listed()
{
	sed -n ":a; /\\\\$/{N; s/\\\\\n//; ba}; s/^$1 *[:+]\?= *//p" Makefile
}

# chosen ARGUMENT...: the scripts to run
chosen()
{
	local all timers others=() script i

	read -r -a all < <(listed TEST_PROGS)
	read -r -a timers < <(listed TEST_PROGS_TIMERS)
	for script in "${all[@]}"; do
		[[ " ${timers[*]} " == *" $script "* ]] || others+=("$script")
	done
	case ${1:-} in
	--timers) echo "${timers[@]}" ;;
	--all) echo "${all[@]}" ;;
	--odd) for ((i = 0; i < ${#others[@]}; i += 2)); do echo -n "${others[i]} "; done ;;
	--even) for ((i = 1; i < ${#others[@]}; i += 2)); do echo -n "${others[i]} "; done ;;
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

# run NUMBER SCRIPT
run()
{
	local begin=$SECONDS status=0 complete=1 result=ok note=

	count < <(timeout -k 10 "${TIMEOUT:-600}" bash "./$2" 2>&1) || complete=
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

read -r -a scripts < <(chosen "$@")
((${#scripts[@]})) || exit 1
echo "KTAP version 1"
echo "1..${#scripts[@]}"
for i in "${!scripts[@]}"; do
	run $((i + 1)) "${scripts[i]}"
done

echo "# Totals: pass:$PASS fail:$FAIL xfail:0 xpass:0 skip:$SKIP error:$ERROR"
((FAIL + ERROR == 0)) || exit 1
((PASS)) || exit 4
