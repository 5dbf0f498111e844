#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run scripts of this folder one after the other, and print a line for each check:
#
#	run-kselftest.sh [--icount] [SCRIPT...]
#
# Without names: all of TEST_PROGS in the Makefile; with --icount those of them that wait
# for timers, which a guest that skips idle time should run. The last line is
#
#	# Totals: pass:N fail:N xfail:0 xpass:0 skip:N error:N
#
# where an error is a script that ended early or did not do what it had planned. The exit
# status is 0 when nothing failed, 4 when everything was skipped, 1 otherwise.

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

# count SCRIPT: read its output, show it, and count
count()
{
	local line planned=0 seen=0

	while IFS= read -r line; do
		case $line in
		"TAP version"* | "# Totals:"*)
			continue ;;
		1..*)
			planned=${line#1..}
			[[ $line != *"# SKIP"* ]] || SKIP=$((SKIP + 1))
			planned=${planned%% *} ;;
		"ok "*"# SKIP"*)
			SKIP=$((SKIP + 1)) seen=$((seen + 1)) ;;
		"ok "*)
			PASS=$((PASS + 1)) seen=$((seen + 1)) ;;
		"not ok "*)
			FAIL=$((FAIL + 1)) seen=$((seen + 1)) ;;
		esac
		echo "$1: $line"
	done
	if ((planned != seen)) || [[ ! ${line+x} && $seen == 0 && $planned == 0 ]]; then
		echo "$1: # $planned checks planned, $seen done"
		ERROR=$((ERROR + 1))
	fi
}

# run SCRIPT
run()
{
	local begin=$SECONDS status

	count "$1" < <(timeout -k 10 "${TIMEOUT:-600}" bash "./$1" 2>&1)
	wait $! || status=$?
	echo "$1: # exit ${status:-0} after $((SECONDS - begin)) s"
	case ${status:-0} in
	0 | 1 | 4) ;;
	*) ERROR=$((ERROR + 1)) ;;
	esac
}

if (($#)) && [[ $1 != --icount ]]; then
	scripts=("$@")
elif (($#)); then
	read -r -a scripts < <(listed TEST_PROGS_ICOUNT)
else
	read -r -a scripts < <(listed TEST_PROGS)
fi
for script in "${scripts[@]}"; do
	run "$script"
done

echo "# Totals: pass:$PASS fail:$FAIL xfail:0 xpass:0 skip:$SKIP error:$ERROR"
((FAIL + ERROR == 0)) || exit 1
((PASS)) || exit 4
