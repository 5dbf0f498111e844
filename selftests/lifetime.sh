#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E41 to E43, E47, E60: namespaces, devices, peers and the module go away while they are
# in use.
#
#   +------ a ------+      +------ b ------+      +------ c ------+
#   | ab 10.1.0.1   |======| ab 10.1.0.2   |      |               |
#   |               |      | bc 10.2.0.2   |======| bc 10.2.0.3   |
#   | ac 10.3.0.1   |======================|======| ac 10.3.0.3   |
#   | mt0 10.9.0.1  |......| mt0 10.9.0.2  |......| mt0 10.9.0.3  |
#   +---------------+      +---------------+      +---------------+
#
#	ROUNDS	how often the module goes	(10; 3 in a kernel that takes long, SLOW)

. "${0%/*}/lib.sh"

ROUNDS=${ROUNDS:-$((SLOW > 1 ? 3 : 10))}
plan 11

setup()
{
	ns_add a b c
	veth a ab 10.1.0.1/24 - b ab 10.1.0.2/24 -
	veth b bc 10.2.0.2/24 - c bc 10.2.0.3/24 -
	veth a ac 10.3.0.1/24 - c ac 10.3.0.3/24 -
	keys a b c
}

# mesh_device NS PORT ADDRESS [PEER ADDRESS ENDPOINT]...
mesh_device()
{
	local ns=$1 peers=()

	{
		echo "link add mt0 type $KIND"
		batch_addresses mt0 "$3/24"
	} >"$TMP/batch"
	ipn "$ns" -batch "$TMP/batch"
	set -- "$2" "${@:4}"
	while (($# > 1)); do
		peers+=(peer "${PUB[$2]}" allowed-ips "$3/32" endpoint "$4")
		set -- "$1" "${@:5}"
	done
	vpn "$ns" set mt0 private-key <(echo "${PRIV[$ns]}") listen-port "$1" "${peers[@]}"
}

# mesh: the three devices, each with both others as its peers
mesh()
{
	mesh_device a 1 10.9.0.1 b 10.9.0.2 10.1.0.2:2 c 10.9.0.3 10.3.0.3:3
	mesh_device b 2 10.9.0.2 a 10.9.0.1 10.1.0.1:1 c 10.9.0.3 10.2.0.3:3
	mesh_device c 3 10.9.0.3 a 10.9.0.1 10.3.0.1:1 b 10.9.0.2 10.2.0.2:2
}

mesh_delete()
{
	local ns

	for ns in a b c; do
		ipn "$ns" link delete mt0
	done
}

# flood: pings without end from each to the next
flood()
{
	spawn a ping -q -f 10.9.0.2
	spawn b ping -q -f 10.9.0.3
	spawn c ping -q -f 10.9.0.1
}

# flows: all of them do get through
flows()
{
	local ns

	for ns in a b c; do
		(($(received_all "$ns") > 5000)) || return
	done
}

received_all()
{
	local bytes sum=0

	while read -r _ bytes _; do
		sum=$((sum + bytes))
	done < <(vpn "$1" show mt0 transfer)
	echo "$sum"
}

# An administrator may destroy a socket (ss -K). The port, which the kernel has chosen here, stays the
# device's; and when that goes nothing is left to which a train for the port would be handed.
socket_destroyed()
{
	local port

	have ss || skip "missing: ss"
	have socat || skip "missing: socat"
	device a mt6 a 0 10.9.6.1/24
	device b mt6 b 2 10.9.6.2/24
	defer ipn b link delete mt6
	peer a mt6 b allowed-ips 10.9.6.2/32 endpoint 10.1.0.2:2
	peer b mt6 a allowed-ips 10.9.6.1/32
	ping_one a 10.9.6.2
	port=$(vpn a show mt6 listen-port)
	[[ $(on a ss -K -n -u -a "sport = :$port") == *:$port* ]]
	ping_one a 10.9.6.2
	same "$port" "$(vpn a show mt6 listen-port)"
	ipn a link delete mt6
	ipn a link set lo up
	printf '\4\0\0\0%060d' {1..20} >"$TMP/train"
	on a socat -u -b 65000 "OPEN:$TMP/train" "UDP4:127.0.0.1:$port,setsockopt-int=17:103:64"
}

# dst_cache ADDRESS: of its peer. The device holds a route to it, out of a namespace that is deleted,
# and must let go: IPv6's has operations that are in the namespace.
dst_cache()
{
	ns_add d e
	veth d de 10.4.0.1/24 fd04::1/64 e de 10.4.0.2/24 fd04::2/64
	ipn d link add mt0 type "$KIND"
	vpn d set mt0 private-key <(echo "${PRIV[a]}") listen-port 1
	ipn d link set mt0 netns "b-$RUN_ID" name mt5
	defer ipn b link delete mt5
	addresses b mt5 10.8.0.1/24
	device e mt0 b 2 10.8.0.2/24
	peer b mt5 b allowed-ips 10.8.0.2/32 endpoint "$1:2"
	peer e mt0 a allowed-ips 10.8.0.1/32
	ping_one b 10.8.0.2
	# A route that has gone with its device first
	ipn d link delete de
	on b ping -q -c 1 -W 1 10.8.0.2 || true
	veth d de 10.4.0.1/24 fd04::1/64 e de 10.4.0.2/24 fd04::2/64
	wait_for 10 ping_one b 10.8.0.2
	ns_del d
	# The cable's end goes when the namespace really has gone
	wait_for 20 link_gone e de
	ipn b link show mt5
	on b ping -q -c 1 -W 1 10.8.0.2 || true
	vpn b set mt5 listen-port 0 || true
	ipn b link set mt5 down
	ipn b link set mt5 up || true
	ns_del e
}

# Each namespace holds the device whose sockets are in the other
circular()
{
	ns_add f g
	veth f fg 10.4.0.1/24 - g fg 10.4.0.2/24 -
	veth f fb 10.5.0.1/24 - b fb 10.5.0.2/24 -
	veth g gb 10.6.0.1/24 - b gb 10.6.0.2/24 -
	ipn f link add mt6 type "$KIND"
	ipn g link add mt7 type "$KIND"
	vpn f set mt6 private-key <(echo "${PRIV[a]}") listen-port 1 peer "${PUB[b]}" \
		allowed-ips 10.8.0.2/32 endpoint 10.4.0.2:2
	vpn g set mt7 private-key <(echo "${PRIV[b]}") listen-port 2 peer "${PUB[a]}" \
		allowed-ips 10.8.0.1/32
	ipn f link set mt6 netns "g-$RUN_ID"
	ipn g link set mt7 netns "f-$RUN_ID"
	addresses g mt6 10.8.0.1/24
	addresses f mt7 10.8.0.2/24
	ping_one g 10.8.0.2
	ns_del f
	ns_del g
	wait_for 20 link_gone b fb
	wait_for 20 link_gone b gb
}

# log_count PATTERN: lines since this script began
log_count()
{
	grep -cE "$1" "$TMP/log" || true
}

# What is created and destroyed is logged, in these words
objects_are_logged()
{
	local thing log="$TMP/log" before

	((BALANCE)) || skip "no dynamic debug in this kernel"
	before=$(wc -l <"$log")
	mesh
	ping_one a 10.9.0.2
	ping_one b 10.9.0.3
	mesh_delete
	wait_for 15 objects_left || { objects_left; return 1; }
	for thing in "Interface created 3" "Interface destroyed 3" "Peer [0-9]+ created 6" \
			"Peer [0-9]+ .*destroyed 6" "Keypair [0-9]+ created for peer [0-9]+ 4" \
			"Keypair [0-9]+ destroyed for peer [0-9]+ 4"; do
		same "$thing" "${thing% *} $(tail -n "+$((before + 1))" "$log" |
			grep -cE " mt0: ${thing% *}\$")"
	done
}

# Peers, and then a device, are taken away from under the traffic
under_flood()
{
	local i

	mesh
	flood
	wait_for 20 flows
	for i in {1..10}; do
		vpn b set mt0 peer "${PUB[a]}" remove peer "${PUB[c]}" remove
		vpn b set mt0 peer "${PUB[a]}" allowed-ips 10.9.0.1/32 endpoint 10.1.0.1:1 \
			peer "${PUB[c]}" allowed-ips 10.9.0.3/32 endpoint 10.2.0.3:3
		# They are used again
		wait_for 20 more_than_from c 1000
	done
	ipn b link set mt0 down
	ipn b link set mt0 up
	ipn b link delete mt0
	ping_one a 10.9.0.3
	mesh_rest
}

mesh_rest()
{
	ipn a link delete mt0
	ipn c link delete mt0
}

# A namespace with a device, under the traffic
namespace_under_flood()
{
	ns_add h
	veth h hb 10.4.0.1/24 - b hb 10.4.0.2/24 -
	device h mt0 a 1 10.9.0.1/24
	device b mt0 b 2 10.9.0.2/24
	defer ipn b link delete mt0
	peer h mt0 b allowed-ips 10.9.0.2/32 endpoint 10.4.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32 endpoint 10.4.0.1:1
	spawn b ping -q -f 10.9.0.1
	wait_for 20 more_than_from a 5000
	ns_del h
	wait_for 20 link_gone b hb
}

# more_than_from KEY BYTES
more_than_from()
{
	(($(received b mt0 "$1") > $2))
}

# remove_module: while devices are up and packets flow
remove_module()
{
	modprobe -r "$KIND" || rmmod "$KIND"
	[[ ! -e /sys/module/$KIND ]]
}

rmmod_under_flood()
{
	local i

	for ((i = 1; i <= ROUNDS; i++)); do
		mesh
		flood
		wait_for 20 flows
		remove_module
		fails ipn a link show mt0
		end_jobs
		module_load
		echo "$i"
	done
	mesh
	ping_one a 10.9.0.2
	mesh_delete
}

# Creation that fails leaves nothing: before the module is asked, and, as the name or the number is
# taken where the device is to be, when it has begun
create_delete()
{
	local i

	ipn b link add taken index 4242 type dummy
	defer ipn b link delete taken
	for i in {1..6}; do
		ipn a link add mt0 type "$KIND"
		fails ipn a link add mt0 type "$KIND"
		fails ipn a link add taken netns "b-$RUN_ID" type "$KIND"
		fails ipn a link add mt1 index 4242 netns "b-$RUN_ID" type "$KIND"
		ipn a link set mt0 up
		ipn a link delete mt0
	done
}

setup
check "E47 created and destroyed: every object is logged" objects_are_logged
check "E41 a cached route does not outlive its namespace, v4" dst_cache 10.4.0.2
check "E41 a cached route does not outlive its namespace, v6" dst_cache "[fd04::2]"
check "E43 a socket that is destroyed (ss -K) stays, and goes with its device" socket_destroyed
check "E42 two namespaces, each with the other's device" circular
check "E43 devices come and go" create_delete
check "E43 peers and devices go under traffic" under_flood
check "E43 a namespace goes under traffic" namespace_under_flood
check "E60 the module goes $ROUNDS times, with devices up and traffic in three namespaces" \
	rmmod_under_flood
finish
