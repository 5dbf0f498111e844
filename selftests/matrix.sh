#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B31: whatever goes away or changes, in whatever state it is met: each of 8 actions in
# each of 5 states. It ends in bounded time, afterwards traffic flows again, and what was
# created is destroyed.
#
#   +--- c ---+      +-------- a --------+      +-------- b --------+
#   | ca      |======| ca                |      |                   |
#   | 10.8.   |      | ab 10.1.0.1       |======| ab 10.1.0.2, .3   |
#   |     0.2 |      | mt0 10.9.0.1      |......| mt0 10.9.0.2      |
#   +---------+      +-------------------+      +-------------------+
#   d: where a's mt0 is moved to
#
# The actions are done in a, which has no process: what it sends comes from c, so that a
# flood does not keep the namespace from going.
#
#	STATES, ACTIONS	those to be run		(all)

. "${0%/*}/lib.sh"

# A name is that of the functions enter_STATE, and do_ACTION and after_ACTION
STATES=${STATES:-idle handshake flood_out flood_in dump}
ACTIONS=${ACTIONS:-peer_removed key_changed link_down namespace_deleted device_moved
	module_unloaded endpoint_changed port_rebound}
# No action may take longer, seconds; the kernel complains about a task that waits so long
LIMIT=20
PEERS=100
CHURN=${BASH_SOURCE[0]%/*}/churn

read -r -a states <<<"${STATES//$'\n'/ }"
read -r -d '' -a actions <<<"$ACTIONS" || true

[[ -x $CHURN ]] || skip_all "missing: churn (make all)"
plan $((${#states[@]} * ${#actions[@]} + 2))
# Its descriptor would keep a namespace alive
CHURN=$(realpath "$CHURN")

# ---- what the actions are done to ----

# topology: namespaces a and c, as far as they are gone
topology()
{
	ns_add a
	veth a ca 10.8.0.1/24 - c ca 10.8.0.2/24 -
	veth a ab 10.1.0.1/24 - b ab 10.1.0.2/24 -
	addresses b ab 10.1.0.3/24
	sysctl_set a net.ipv4.conf.all.forwarding 1
	ipn c route replace 10.9.0.0/24 via 10.8.0.1
}

# devices: mt0 in a and in b, fresh
devices()
{
	{
		echo "link add mt0 type $KIND"
		batch_addresses mt0 10.9.0.1/24
	} >"$TMP/batch"
	ipn a -batch "$TMP/batch"
	{
		echo "link add mt0 type $KIND"
		batch_addresses mt0 10.9.0.2/24
		echo "route add 10.8.0.0/24 dev mt0"
	} >"$TMP/batch"
	ipn b -batch "$TMP/batch"
	vpn b set mt0 private-key "$TMP/key.b" listen-port 2 peer "${PUB[a]}" \
		allowed-ips 10.9.0.1/32,10.8.0.0/24 endpoint 10.1.0.1:1
	vpn a set mt0 private-key "$TMP/key.a" listen-port 1 peer "${PUB[b]}" \
		allowed-ips 10.9.0.0/24 endpoint 10.1.0.2:2
}

# gone: nothing is left of them
gone()
{
	local ns

	[[ $CLEAN ]] || end_jobs
	for ns in a b d; do
		[[ $CLEAN ]] || ipn "$ns" link delete mt0 2>/dev/null || true
	done
	CLEAN=1
	! ((BALANCE)) || wait_for 10 objects_left || { objects_left; return 1; }
}

setup()
{
	local name

	ns_add b c d
	keys a a2 b
	for name in "${!PRIV[@]}"; do
		echo "${PRIV[$name]}" >"$TMP/key.$name"
	done
	topology
	first_unreachable c 10.8.0.1
	[[ ! -e /proc/sys/kernel/hung_task_timeout_secs ]] ||
		echo "$LIMIT" >/proc/sys/kernel/hung_task_timeout_secs
}

# ---- states ----

enter_idle()
{
	ping_one c 10.9.0.2
}

# Many handshakes that nobody will answer, and one that b does; packets wait for it
enter_handshake()
{
	spawn c "$CHURN" flood 10.9.0.2 9
	on a "$CHURN" add mt0 "$PEERS" 10.1.0.2 2
	wait_for 10 initiations_sent
}

# initiations_sent: to peers that never answer
initiations_sent()
{
	local all

	all=$(vpn a show mt0 transfer)
	[[ $all =~ $'\t0\t148' ]]
}

enter_flood_out()
{
	ping_one c 10.9.0.2
	spawn c "$CHURN" flood 10.9.0.2 9
	wait_for 10 more_than 20000 b a
}

enter_flood_in()
{
	ping_one c 10.9.0.2
	spawn b "$CHURN" flood 10.9.0.1 9
	wait_for 10 more_than 20000 a b
}

# more_than BYTES NS KEY: received from that peer
more_than()
{
	(($(received "$2" mt0 "$3") > $1))
}

# A dump that has told of some peers and not of others; it goes on when DUMP_IN is closed
enter_dump()
{
	enter_idle
	on a "$CHURN" add mt0 "$PEERS"
	mkfifo "$TMP/dump.in"
	"${IN_NETNS_COMMAND[@]}" "$CHURN" dump mt0 <"$TMP/dump.in" >"$TMP/dump.out" &
	exec {DUMP_IN}>"$TMP/dump.in"
	DUMP_PID=$!
	wait_for 10 grep -q open "$TMP/dump.out"
}

# dump_ends RESULT: what the rest of the dump, if one is open, has to say
dump_ends()
{
	[[ $DUMP_PID ]] || return 0
	exec {DUMP_IN}>&-
	wait "$DUMP_PID"
	DUMP_PID=
	rm "$TMP/dump.in"
	same "$1" "$(sed -n 2p "$TMP/dump.out")"
}

# ---- actions, and what must be true when they are done ----

do_peer_removed()
{
	vpn a set mt0 peer "${PUB[b]}" remove
}

after_peer_removed()
{
	dump_ends interrupted
	ping_fails c 10.9.0.2 -W 0.3
	peer a mt0 b allowed-ips 10.9.0.0/24 endpoint 10.1.0.2:2
}

do_key_changed()
{
	vpn a set mt0 private-key "$TMP/key.a2"
}

after_key_changed()
{
	dump_ends interrupted
	vpn b set mt0 peer "${PUB[a]}" remove peer "${PUB[a2]}" \
		allowed-ips 10.9.0.1/32,10.8.0.0/24 endpoint 10.1.0.1:1
}

do_link_down()
{
	ipn a link set mt0 down
}

after_link_down()
{
	dump_ends complete
	ping_fails c 10.9.0.2 -W 0.3
	ipn a link set mt0 up
}

do_namespace_deleted()
{
	ns_del a
	# As long as a dump is open, its socket keeps the namespace
	if [[ $DUMP_PID ]]; then
		ipn b link show ab >/dev/null
		dump_ends complete
	fi
	wait_for "$LIMIT" link_gone b ab
}

after_namespace_deleted()
{
	end_jobs
	ping_fails b 10.9.0.1 -W 0.3
	ipn b link delete mt0
	topology
	devices
}

# Its sockets stay in a
do_device_moved()
{
	ipn a link set mt0 netns "d-$RUN_ID"
}

after_device_moved()
{
	dump_ends "No such device"
	addresses d mt0 10.9.0.1/24
	PING_FROM=d
}

do_module_unloaded()
{
	# A dump has a reference to the module
	[[ ! $DUMP_PID ]] || fails remove_module
	dump_ends complete
	remove_module
}

# remove_module: while devices are up and packets flow
remove_module()
{
	modprobe -r "$KIND" 2>/dev/null || rmmod "$KIND" 2>/dev/null
}

after_module_unloaded()
{
	[[ ! -e /sys/module/$KIND ]]
	fails ipn b link show mt0
	end_jobs
	module_load
	devices
}

do_endpoint_changed()
{
	peer a mt0 b endpoint 10.1.0.3:2
}

after_endpoint_changed()
{
	dump_ends interrupted
	# b answers from where it was addressed; what was under way may still move it back
	[[ $STATE == flood_in ]] || wait_for 10 endpoint_is a mt0 b 10.1.0.3:2
}

do_port_rebound()
{
	vpn a set mt0 listen-port 11
}

after_port_rebound()
{
	dump_ends interrupted
}

check_port_rebound()
{
	endpoint_is b mt0 a 10.1.0.1:11
}

# ---- a case ----

# bounded COMMAND: it ends within LIMIT
bounded()
{
	local begin=${EPOCHREALTIME/./} took

	"$@"
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	echo "$took $STATE $1" >>"$TMP/times"
	((took < LIMIT * 1000)) || { echo "$1 took $took ms"; return 1; }
}

# one STATE ACTION
one()
{
	STATE=$1
	DUMP_PID=
	PING_FROM=c
	CLEAN=
	LOG_FROM=$(wc -c <"$TMP/log")
	defer gone
	IN_NETNS_COMMAND=(nsenter --net="/run/netns/a-$RUN_ID")
	devices
	"enter_$1"
	bounded "do_$2"
	"after_$2"
	end_jobs
	wait_for 20 ping_one "$PING_FROM" 10.9.0.2
	[[ $(type -t "check_$2") != function ]] || "check_$2"
	gone
}

setup
for action in "${actions[@]}"; do
	for state in "${states[@]}"; do
		check "B31 ${action//_/ }, ${state//_/ }" one "$state" "$action"
	done
done
if [[ -e $TMP/times ]]; then
	echo "# B31: $(wc -l <"$TMP/times") cases; the slowest action: $(sort -n "$TMP/times" | tail -n 1) (ms)"
fi
finish
