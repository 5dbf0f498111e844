#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B41: no memory is left while traffic comes and goes. Packets are lost, which is counted;
# nothing breaks, and afterwards all is as before.
#
#   +-------- a --------+          +-------- b --------+
#   | out 10.0.0.1      |==========| out 10.0.0.2      |
#   | mt0 10.9.0.1      |..........| mt0 10.9.0.2      |
#   +-------------------+          +-------------------+
#
# At either end is a program that sends to the other as fast as it can, and has a socket that
# keeps all that comes and reads none of it: so the tunnel's own packets fill the memory, which a
# file in a tmpfs has made small before. The kernel says so, with the call traces of whoever got no
# memory: they are no fault here, but everything else in its log is. It kills processes then, which
# are there to be killed: while it is at them, those two go on, and take what it gains; they are the
# last. (A process that wants memory waits for that. The tunnel cannot.)
#
# It wants a small machine of its own (run.sh --mem 512M).

. "${0%/*}/lib.sh"

HOG=${0%/*}/hog
VICTIMS=${0%/*}/victims
HOG_SECONDS=$((60 * SLOW))	# at most
VICTIM_COUNT=200	# processes for the kernel to kill first
TRIES=4			# until the tunnel itself was among those who got nothing
LEAVE_KB=49152		# free before the traffic begins
SHORT_KB=12288		# so little was free at some time
# The word is in every "page allocation failure"
LOG_BAD=${LOG_BAD/Call Trace|/}

[[ -x $HOG && -x $VICTIMS ]] || skip_all "the programs hog and victims are not built"
(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) < 1048576)) ||
	skip_all "too much memory: boot with 512 MB"
plan 5

setup()
{
	ns_add a b
	keys a b
	veth a out 10.0.0.1/24 - b out 10.0.0.2/24 -
	device a mt0 a 1 10.9.0.1/24
	device b mt0 b 2 10.9.0.2/24
	peer a mt0 b allowed-ips 10.9.0.2/32 endpoint 10.0.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32 endpoint 10.0.0.1:1
	# The limits of all UDP sockets are not to be what stops it
	echo "9999999 9999999 9999999" >/proc/sys/net/ipv4/udp_mem
	# Nor what the kernel keeps for those who cannot wait, as we
	echo 64 >/proc/sys/vm/min_free_kbytes
	# Of each kill a line is enough
	echo 0 >/proc/sys/vm/oom_dump_tasks
	spare_all
}

# spare_all: those who are there already are the last to be killed. (With none left that it may
# kill, the kernel would panic.)
spare_all()
{
	local file

	for file in /proc/[0-9]*/oom_score_adj; do
		echo -999 >"$file" || true
	done 2>/dev/null
}

free_kb()
{
	local name value

	while read -r name value _; do
		[[ $name != MemFree: ]] || echo "$value"
	done </proc/meminfo
}

# fill: until so much is free
fill()
{
	local free

	mkdir -p "$TMP/fill"
	mount -t tmpfs -o size=100% tmpfs "$TMP/fill"
	while free=$(free_kb) && ((free > LEAVE_KB + 1024)); do
		head -c "$((free - LEAVE_KB))K" /dev/zero >>"$TMP/fill/file"
	done
}

# empty: if it is not so already
empty()
{
	! grep -qF " $TMP/fill " /proc/mounts || umount "$TMP/fill"
}

# drops NS: each reason that there was, and how often
drops()
{
	vpn "$1" show mt0 drops | awk '$2 { print $1, $2 }'
}

# rush: both ways at once. Nothing is started meanwhile, for it might not get the memory.
rush()
{
	local pids=() pid lowest

	wait_for 10 ping_one a 10.9.0.2
	"$VICTIMS" "$VICTIM_COUNT" $((120 * SLOW))
	fill
	on a "$HOG" 10.9.0.2 7000 "$HOG_SECONDS" "$SHORT_KB" >"$TMP/hog-a" 2>&1 &
	pids+=("$!")
	on b "$HOG" 10.9.0.1 7000 "$HOG_SECONDS" "$SHORT_KB" >"$TMP/hog-b" 2>&1 &
	pids+=("$!")
	for pid in "${pids[@]}"; do
		wait "$pid" || true
	done
	empty
	sed -s -n '$s/^/# /p' "$TMP"/hog-[ab] >>"$TMP/notes"
	# The last line of each that was not killed before it could say it
	lowest=$(sed -n 's/.*lowest \([0-9]*\) kB.*/\1/p' "$TMP"/hog-[ab] | sort -n | head -n 1)
	echo "# lowest: ${lowest:-none told} kB" >>"$TMP/notes"
	((lowest < SHORT_KB))
}

lost_some()
{
	[[ $(drops a; drops b) == *-no-memory* ]]
}

# Once more when it was always the sender who got none
short_of_memory()
{
	local i

	# Should a rush end early
	defer empty
	for ((i = 1; i <= TRIES; i++)); do
		rush
		! lost_some || break
	done
	echo "# rushes: $i" >>"$TMP/notes"
	lost_some
}

# What was lost was lost for want of memory, or because a queue was full; or it was the answer
# to an initiation that had waited in one, and been repeated
counted()
{
	local reason count all

	all=$(drops a; drops b)
	echo "# ${all//$'\n'/, }" >>"$TMP/notes"
	while read -r reason count; do
		case $reason in
		*-no-memory | *-queue-full | *-crypto | *-staged-full | rx-auth | rx-unknown-index) ;;
		*) echo "dropped for another reason: $reason $count"; return 1 ;;
		esac
	done <<<"$all"
}

works_again()
{
	ping_all a 10.9.0.2 5
	ping_all b 10.9.0.1 5
	# Anew, from the handshake on
	vpn a set mt0 peer "${PUB[b]}" remove
	peer a mt0 b allowed-ips 10.9.0.2/32 endpoint 10.0.0.2:2
	wait_for 10 ping_one a 10.9.0.2
	ping_all a 10.9.0.2 5 -s 1392
}

setup
check "B41 no memory under traffic both ways" short_of_memory
check "B41 what was lost is counted" counted
cat "$TMP/notes" 2>/dev/null || true
check "B41 with memory again, the tunnel works" works_again
finish
