# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the kselftest scripts of this folder share: KTAP output, namespaces, keys,
# devices, traffic, and the kernel log. A script sources this file, says `plan N`
# and `need TOOL...`, builds its topology, calls `check NAME FUNCTION...` for each
# check, and ends with `finish`, which adds the last two checks. A command that
# fails ends the check that it is in, with its line as the diagnostic.
#
#   KIND	kind of the devices under test		(mytun; also: wireguard)
#   TOOL	what configures them			(vpnctl; also: wg)
#   MODULE_KO	the module to load if modprobe does not find it
#   SLOW	how many times longer to wait than on a usual kernel	(1)

set -eEuo pipefail
shopt -s inherit_errexit
umask 077

KIND=${KIND:-mytun}
TOOL=${TOOL:-vpnctl}
SLOW=${SLOW:-1}
SCRIPT=${0##*/}

CHECKS=0
FAILED=0
SKIPPED=0
PLANNED=0
# Enters a namespace, if it is built: nsenter does the same, but slower
IN_NETNS=${BASH_SOURCE[0]%/*}/in_netns
LOG_PID=
BALANCE=1
LOG_FROM=0
MESSAGE_COST=5
declare -A PRIV PUB
printf -v RUN_ID %04x%04x "$RANDOM" "$RANDOM"

KSFT_SKIP=4
# What makes a kernel log bad
LOG_BAD='WARNING:|BUG:|Oops|general protection|KASAN|UBSAN|KCSAN|Call Trace|blocked for more'
LOG_BAD+='|possible (recursive|circular)|suspicious RCU|unregister_netdevice: waiting|refcount_t:'
# But for what others look at
LOG_ALLOWED=${LOG_ALLOWED:-^$}

# ---- KTAP ----

# skip_all REASON: the whole script cannot run here
skip_all()
{
	echo "KTAP version 1"
	echo "1..0 # SKIP $*"
	exit "$KSFT_SKIP"
}

# skip REASON: called in a check: it cannot run here
skip()
{
	echo "$*" >"$TMP/skip"
	exit "$KSFT_SKIP"
}

# have COMMAND...
have()
{
	local name

	for name; do
		type -P "$name" >/dev/null || return
	done
}

# need COMMAND...: skip the script when one is missing
need()
{
	local name

	for name; do
		have "$name" || skip_all "missing: $name"
	done
}

# module_load: load the module under test, logging what it creates
module_load()
{
	[[ ! -e /sys/module/$KIND ]] || return 0
	if ! modprobe "$KIND" dyndbg=+p 2>/dev/null; then
		[[ ${MODULE_KO:-} ]] || return
		insmod "$MODULE_KO" dyndbg=+p
	fi
}

# log_objects: have the creation and destruction of objects logged
log_objects()
{
	local control=/proc/dynamic_debug/control

	[[ -e $control ]] || control=/sys/kernel/debug/dynamic_debug/control
	[[ -e $control ]] || return
	echo "module $KIND +p" >"$control"
	# No message may be left out for being one of many
	read -r MESSAGE_COST </proc/sys/net/core/message_cost
	echo 0 >/proc/sys/net/core/message_cost
}

# plan N: begin a script of N checks, the last two of finish() included
plan()
{
	((EUID == 0)) || skip_all "needs root"
	need ip nsenter ping stdbuf dmesg "$TOOL"
	module_load || skip_all "no module $KIND"
	PLANNED=$1
	TMP=$(mktemp -d)
	exec {PAUSE_FD}<> <(:)
	trap on_exit EXIT
	trap on_error ERR
	trap 'exit 1' INT TERM
	echo "KTAP version 1"
	echo "1..$PLANNED"
	log_objects || BALANCE=0
	log_follow
}

on_error()
{
	echo "# failed: ${BASH_SOURCE[1]##*/}:${BASH_LINENO[0]}: ${BASH_COMMAND%%$'\n'*}"
}

# end_jobs: end what this shell has started in the background, but not the log's reader
end_jobs()
{
	local pid

	for pid in $(jobs -p); do
		[[ $pid != "$LOG_PID" ]] || continue
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

on_exit()
{
	local rc=$?

	trap - ERR EXIT
	set +e
	[[ -e $TMP/done ]] || echo "Bail out! $SCRIPT ended early, code $rc"
	end_jobs
	ns_delete
	kill "$LOG_PID"
	echo "$MESSAGE_COST" >/proc/sys/net/core/message_cost
	rm -rf "$TMP"
	exit "$rc"
}

# defer COMMAND...: called in a check: do this when it ends, however it ends
defer()
{
	DEFERRED="$(printf '%q ' "$@"); $DEFERRED"
}

# check NAME COMMAND...: one check; the command runs in a shell of its own, where
# any failing command ends it
check()
{
	local name=$1 rc=0 note=

	shift
	CHECKS=$((CHECKS + 1))
	rm -f "$TMP/skip"
	set +e
	trap - ERR
	(
		set -e
		trap on_error ERR
		DEFERRED=
		trap 'set +e; trap - ERR; eval "$DEFERRED"; end_jobs' EXIT
		"$@"
	) >"$TMP/output" 2>&1
	rc=$?
	set -e
	trap on_error ERR
	if ((rc == KSFT_SKIP)) && [[ -e $TMP/skip ]]; then
		SKIPPED=$((SKIPPED + 1))
		note=" # SKIP $(<"$TMP/skip")"
	elif ((rc)); then
		FAILED=$((FAILED + 1))
		tail -n 40 "$TMP/output" | sed 's/^\(# \)\{0,1\}/# /'
		echo "not ok $CHECKS $name"
		return
	fi
	echo "ok $CHECKS $name$note"
}

# finish: take everything down, do the last checks, and end the script
finish()
{
	local passed

	end_jobs
	ns_delete
	check "E43 $SCRIPT: everything that was created was destroyed" objects_balance
	check "$SCRIPT: the kernel log has no WARN" log_is_clean
	if ((CHECKS != PLANNED)); then
		echo "# $PLANNED checks planned, $CHECKS done"
		FAILED=$((FAILED + 1))
	fi
	passed=$((CHECKS - FAILED - SKIPPED))
	echo "# Totals: pass:$passed fail:$FAILED xfail:0 xpass:0 skip:$SKIPPED error:0"
	: >"$TMP/done"
	((FAILED == 0)) || exit 1
	((passed)) || exit "$KSFT_SKIP"
	exit 0
}

# ---- assertions ----

# fails COMMAND...: it must fail
fails()
{
	! "$@" || { echo "succeeded, and must not: $*"; return 1; }
}

# same WANTED GOT
same()
{
	[[ $1 == "$2" ]] || { printf 'wanted: %s\n   got: %s\n' "$1" "$2"; return 1; }
}

# pause: a moment, without the cost of a process
pause()
{
	read -rt 0.05 -u "$PAUSE_FD" || true
}

# wait_for SECONDS COMMAND...: poll until it succeeds
wait_for()
{
	local end=$((SECONDS + $1 * SLOW + 1))

	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || { echo "did not come true: $*"; return 1; }
		pause
	done
}

# ---- namespaces ----

# ns_add NAME...: network namespaces, their loopback up
ns_add()
{
	local name

	for name; do
		ip netns add "$name-$RUN_ID"
		ipn "$name" link set lo up
	done
}

# ns_del NAME: one of them
ns_del()
{
	ip netns del "$1-$RUN_ID"
}

# ns_delete: all of them, also those that a check has added
ns_delete()
{
	local file

	for file in /run/netns/*-"$RUN_ID"; do
		[[ ! -e $file ]] || ip netns del "${file##*/}"
	done
}

# on NS COMMAND...: run it in a namespace
on()
{
	if [[ -x $IN_NETNS ]]; then
		"$IN_NETNS" "/run/netns/$1-$RUN_ID" "${@:2}"
	else
		nsenter --net="/run/netns/$1-$RUN_ID" "${@:2}"
	fi
}

# spawn NS COMMAND...: run it in the background, silently; $! is its number
spawn()
{
	if [[ -x $IN_NETNS ]]; then
		"$IN_NETNS" "/run/netns/$1-$RUN_ID" "${@:2}" >/dev/null 2>&1 &
	else
		nsenter --net="/run/netns/$1-$RUN_ID" "${@:2}" >/dev/null 2>&1 &
	fi
}

# has_port NS PORT: does a UDP socket of the namespace have it?
has_port()
{
	grep -qi ":$(printf %04X "$2") " <<<"$(on "$1" cat /proc/net/udp{,6} 2>/dev/null)"
}

# ipn NS ARGUMENTS...: ip(8) in a namespace
ipn()
{
	ip -n "$1-$RUN_ID" "${@:2}"
}

# veth NS DEV ADDRESS4 ADDRESS6 NS DEV ADDRESS4 ADDRESS6: a cable; - is no address
veth()
{
	ip link add "$2" netns "$1-$RUN_ID" type veth peer name "$6" netns "$5-$RUN_ID"
	addresses "$1" "$2" "$3" "$4"
	addresses "$5" "$6" "$7" "$8"
}

# batch_addresses DEV ADDRESS...: print what ip has to do to give them, and set the device up
batch_addresses()
{
	local address

	for address in "${@:2}"; do
		case $address in
		-) ;;
		*:*) echo "address add $address dev $1 nodad" ;;
		*) echo "address add $address dev $1" ;;
		esac
	done
	echo "link set $1 up"
}

# addresses NS DEV ADDRESS...: give a device addresses and set it up
addresses()
{
	batch_addresses "${@:2}" >"$TMP/batch"
	ipn "$1" -batch "$TMP/batch"
}

# sysctl_set NS NAME VALUE
sysctl_set()
{
	on "$1" sh -c "echo $3 >/proc/sys/${2//.//}"
}

# link_gone NS DEV
link_gone()
{
	! ipn "$1" link show "$2"
}

# link_packets NS DEV [rx]: packets that the device has sent, or received
link_packets()
{
	local all

	all=$(ipn "$1" -s -j link show "$2")
	[[ $all =~ \"${3:-tx}'":{"bytes":'[0-9]+,'"packets":'([0-9]+) ]]
	echo "${BASH_REMATCH[1]}"
}

# net_state NS: addresses, routes, rules, firewall, and the sysctls that `up` may change
net_state()
{
	local family

	ipn "$1" address
	for family in -4 -6; do
		printf '%s\n' "route show table all" "rule show" >"$TMP/batch"
		ipn "$1" "$family" -batch "$TMP/batch"
	done
	on "$1" nft list ruleset
	# shellcheck disable=SC2016 # for bash
	on "$1" bash -c 'cd /proc/sys/net && for f in ipv4/ip_forward ipv[46]/conf/*/forwarding \
		ipv4/conf/*/{src_valid_mark,rp_filter,accept_redirects}; do read -r v <$f; echo "$f $v"; done'
}

# ---- the devices under test ----

# keys NAME...: make key pairs, PRIV[NAME] and PUB[NAME]
keys()
{
	local name

	for name; do
		PRIV[$name]=$("$TOOL" genkey)
		PUB[$name]=$("$TOOL" pubkey <<<"${PRIV[$name]}")
	done
}

# vpn NS ARGUMENTS...: the tool in a namespace
vpn()
{
	on "$1" "$TOOL" "${@:2}"
}

# device NS DEV KEY PORT ADDRESS...: a device with a key, a port, and addresses, up
device()
{
	{
		echo "link add $2 type $KIND"
		batch_addresses "$2" "${@:5}"
	} >"$TMP/batch"
	ipn "$1" -batch "$TMP/batch"
	vpn "$1" set "$2" private-key <(echo "${PRIV[$3]}") listen-port "$4"
}

# peer NS DEV KEY SETTINGS...: add or change a peer
peer()
{
	vpn "$1" set "$2" peer "${PUB[$3]}" "${@:4}"
}

# part NS OTHER DEV: neither knows the other any more, nor has it a session
part()
{
	vpn "$1" set "$3" peer "${PUB[$2]}" remove
	vpn "$2" set "$3" peer "${PUB[$1]}" remove
}

# field NS DEV FIELD KEY: what the tool shows of a peer, without the peer's key
field()
{
	local words all

	all=$(vpn "$1" show "$2" "$3")
	while IFS=$'\t' read -r -a words; do
		[[ ${words[0]} != "${PUB[$4]}" ]] || echo "${words[@]:1}"
	done <<<"$all"
}

# endpoint_is NS DEV KEY PATTERN: where a peer is known to be
endpoint_is()
{
	local got

	got=$(field "$1" "$2" endpoints "$3")
	# shellcheck disable=SC2053 # a pattern
	[[ $got == $4 ]] || { echo "wanted: $4"; echo "   got: $got"; return 1; }
}

# received NS DEV KEY: bytes from a peer
received()
{
	local bytes

	bytes=$(field "$1" "$2" transfer "$3")
	echo "${bytes% *}"
}

# sent NS DEV KEY: bytes to a peer
sent()
{
	local bytes

	bytes=$(field "$1" "$2" transfer "$3")
	echo "${bytes#* }"
}

# ---- traffic ----

# ping_all NS ADDRESS COUNT [OPTION...]: that many pings at once, not one of which is lost. (A
# flood would not wait for the last answer when the guest is slow; an interval does. More
# than 5 at once may be more than the socket takes.)
ping_all()
{
	local out

	out=$(on "$1" ping -q -c "$3" -l "$3" -i 3 -w $((10 * SLOW)) "${@:4}" "$2") || { echo "$out"; return 1; }
	[[ $out == *"$3 packets transmitted, $3 received"* ]] || { echo "$out"; return 1; }
}

# ping_one NS ADDRESS [OPTION...]
ping_one()
{
	on "$1" ping -q -c 1 -W $((5 * SLOW)) "${@:3}" "$2"
}

# ping_fails NS ADDRESS [OPTION...]
ping_fails()
{
	fails on "$1" ping -q -c 1 -W 1 "${@:3}" "$2"
}

# first_unreachable NS ADDRESS: have one ICMP error sent. The kernel rewrites its code when it
# looks a host up in its table for the first time. Under a flood, QEMU's TCG may not see it
# change, and a processor then stands still there (in inet_getpeer()).
first_unreachable()
{
	on "$1" bash -c "echo >/dev/udp/$2/9" || true
	sleep 0.5
}

# listens PID: is it listening for iperf3, in whatever namespace it is?
listens()
{
	local all

	# $(<file) of a file that is not there would end the script without a word
	all=$(cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6")
	[[ $all =~ :1451\ 0+:0000\ 0A ]]
}

# iperf_serve NS...: iperf3 servers, for all that is to come
iperf_serve()
{
	local ns

	for ns; do
		spawn "$ns" iperf3 -s
		wait_for 20 listens $!
	done
}

# iperf CLIENT ADDRESS [OPTION...]: one transfer, of which something must arrive. TCP has a
# small window, or all of it would be in the sender's buffer when iperf3 asks for the result.
iperf()
{
	local tcp_window=(-w 256K) out try

	[[ " $* " != *" -u "* ]] || tcp_window=()
	for try in 1 2 3; do
		out=$(on "$1" timeout $((30 * SLOW)) iperf3 -c "$2" --connect-timeout 9000 \
			"${tcp_window[@]}" "${@:3}" 2>&1) ||
			[[ $out == *busy* ]] || break
		# The server may still be at its last client
		[[ $out == *busy* ]] || break
		pause
	done
	echo "$out"
	[[ $out =~ [1-9][0-9.]*\ [KMG]?Bytes[^$'\n']*receiver ]]
}

# ---- the kernel log ----

# log_mark WORD: write a line into the log, and wait until we have read it back
log_mark()
{
	echo "selftest $SCRIPT-$RUN_ID $1" >/dev/kmsg
	wait_for 10 grep -q "selftest $SCRIPT-$RUN_ID $1" "$TMP/log"
}

# log_follow: keep the log from now on; the ring buffer would forget the beginning
log_follow()
{
	local try

	: >"$TMP/log"
	stdbuf -oL dmesg --follow-new --color=never >"$TMP/log" &
	LOG_PID=$!
	# dmesg may not have opened the log yet: go on until a mark arrives
	for try in {0..99}; do
		((try % 20)) || echo "selftest $SCRIPT-$RUN_ID begin $try" >/dev/kmsg
		pause
		[[ $(<"$TMP/log") != *"$RUN_ID begin"* ]] || return 0
	done
	log_mark begin
}

# objects_left: print what was created and not destroyed; false if there is anything. What
# is before LOG_FROM in the log, bytes, is not looked at.
objects_left()
{
	tail -c "+$((LOG_FROM + 1))" "$TMP/log" | awk '
		/: (Interface|Peer [0-9]+|Keypair [0-9]+)( \(.*\))? (created|destroyed)/ {
			match($0, /(Interface|Peer [0-9]+|Keypair [0-9]+)/)
			object = substr($0, RSTART, RLENGTH)
			if (/ created/) {
				count[object]++
				created++
			} else {
				count[object]--
			}
		}
		END {
			for (object in count)
				if (count[object]) {
					print object, count[object]
					left = 1
				}
			if (!created)
				print "nothing was logged as created"
			exit left || !created
		}'
}

objects_balance()
{
	((BALANCE)) || skip "no dynamic debug in this kernel"
	wait_for 15 objects_left || { objects_left; return 1; }
}

log_is_clean()
{
	log_mark end
	grep -vE "$LOG_ALLOWED" "$TMP/log" >"$TMP/log.judged"
	# With the lines around it, which tell what it was
	fails grep -E -B 6 -A 16 "$LOG_BAD" "$TMP/log.judged"
}
