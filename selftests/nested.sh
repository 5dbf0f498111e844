#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E17, E18, E22: tunnels in tunnels, and tunnels that lead into themselves.
#
#   +----------- a -----------+          +----------- b -----------+
#   | out  10.0.0.1           |==========| out  10.0.0.2           |
#   | mt0  10.9.0.1, fd09::1  |..........| mt0  10.9.0.2, fd09::2  |
#   | mt1  10.8.0.1, fd08::1  |..........| mt1  10.8.0.2, fd08::2  |  in mt0
#   +-------------------------+          +-------------------------+

. "${0%/*}/lib.sh"

plan 17
need iperf3

setup()
{
	ns_add a b
	keys a0 a1 b0 b1
	veth a out 10.0.0.1/24 - b out 10.0.0.2/24 -
	device a mt0 a0 1 10.9.0.1/24 fd09::1/64
	device b mt0 b0 2 10.9.0.2/24 fd09::2/64
	device a mt1 a1 3 10.8.0.1/24 fd08::1/64
	device b mt1 b1 4 10.8.0.2/24 fd08::2/64
	peer a mt0 b0 allowed-ips 10.9.0.2/32,fd09::2/128 endpoint 10.0.0.2:2
	peer b mt0 a0 allowed-ips 10.9.0.1/32,fd09::1/128 endpoint 10.0.0.1:1
	peer a mt1 b1 allowed-ips 10.8.0.2/32,fd08::2/128 endpoint 10.9.0.2:4
	peer b mt1 a1 allowed-ips 10.8.0.1/32,fd08::1/128 endpoint "[fd09::1]:3"
	ipn a link set mt1 mtu 1340
	ipn b link set mt1 mtu 1340
	iperf_serve a b
}

ping_both()
{
	ping_all a "$1" 5
	ping_all b "$2" 5
}

# both_devices MTU0 MTU1
mtus_set()
{
	local ns

	for ns in a b; do
		ipn "$ns" link set mt0 mtu "$1"
		ipn "$ns" link set mt1 mtu "$2"
	done
}

big_inside()
{
	mtus_set 34816 34000
	defer mtus_set 1420 1340
	ping_all a 10.8.0.2 3 -s 30000
	iperf a 10.8.0.2 -n 1M
}

# Two devices, each the other's way out: what enters goes round until it is too long. (A
# packet of b's may move the endpoint back, and then the pings are answered.)
loop_of_two()
{
	defer peer a mt0 b0 endpoint 10.0.0.2:2
	peer a mt0 b0 endpoint 10.8.0.2:2
	on a ping -q -f -c 5 -w 1 10.8.0.2 || true
	on a iperf3 -c 10.9.0.2 -u -b 0 -n 100K --connect-timeout 500 || true
	works_again
}

# works_again: after the loop has been cut, all is as it was. What has got out of the loop has the
# other end answer into it, where another loop begins; and what comes out of that one, late, closes
# the first again. So it is cut at both ends, and more than once.
works_again()
{
	wait_for 60 cut
}

cut()
{
	peer a mt0 b0 endpoint 10.0.0.2:2 &&
		peer b mt0 a0 endpoint 10.0.0.1:1 &&
		peer a mt1 b1 endpoint 10.9.0.2:4 &&
		peer b mt1 a1 endpoint "[fd09::1]:3" &&
		on a ping -q -c 1 -W 1 10.9.0.2 &&
		on a ping -q -c 1 -W 1 10.8.0.2
}

# One device, two peers: the second peer's endpoint lies behind the first. In b its end is
# mt1, so that the device in a carries each packet twice.
onion()
{
	defer onion_undo
	ipn a link set mt1 down
	peer a mt0 b1 allowed-ips 10.8.0.2/32,fd08::2/128 endpoint 10.9.0.2:4
	ipn a route add 10.8.0.2/32 dev mt0 mtu 1340
	ipn a address add 10.8.0.9/32 dev mt0
	ipn b route add 10.8.0.9/32 dev mt1
	peer b mt1 a0 allowed-ips 10.8.0.9/32
	ping_all a 10.8.0.2 5 -I 10.8.0.9
	iperf a 10.8.0.2 -B 10.8.0.9 -n 1M
	endpoint_is b mt1 a0 10.9.0.1:1
}

# And the first peer's endpoint behind the second's: round and round
onion_loop()
{
	defer onion_undo
	defer peer a mt0 b0 endpoint 10.0.0.2:2
	ipn a link set mt1 down
	peer a mt0 b1 allowed-ips 10.8.0.2/32 endpoint 10.9.0.2:4
	ipn a route add 10.8.0.2/32 dev mt0
	peer a mt0 b0 endpoint 10.8.0.2:2
	on a ping -q -f -c 5 -w 1 10.8.0.2 || true
	# A peer whose endpoint it is to reach itself, until it sends something and is back
	peer a mt0 b0 endpoint 10.9.0.2:2
	on a ping -q -f -c 5 -w 1 10.9.0.2 || true
	[[ $KIND != mytun ]] || (($(on a "$TOOL" show mt0 drops | awk '/tx-loop/ { print $2 }')))
	peer a mt0 b0 endpoint 10.0.0.2:2
	ping_one a 10.9.0.2
}

onion_undo()
{
	peer a mt0 b1 remove
	peer b mt1 a0 remove
	ipn a address delete 10.8.0.9/32 dev mt0
	addresses a mt1 fd08::1/64
	ipn b route delete 10.8.0.9/32
	ipn a route delete 10.8.0.2/32 dev mt0
}

# The same across namespaces, where no device can see that its way out leads back into it:
#
#   +------- c -------+     +------- d -------+     +------- e -------+
#   | mt2  10.6.0.1   |.....| socket   socket |.....| mt3  10.6.0.2   |
#   |      fd06::1    |     |                 |     |      fd06::2    |
#   | in   10.5.0.1   |=====| in  10.5.0.2    |     |                 |
#   +-----------------+     +-----------------+     +-----------------+
#
# Both devices are created in d. When the session is there, the peer is said to be at
# 10.6.0.2; d sends what goes there to c, and c forwards it into mt2.
loop_setup()
{
	ns_add c d e
	veth c in 10.5.0.1/24 fd05::1/64 d in 10.5.0.2/24 fd05::2/64
	sysctl_set c net.ipv4.ip_forward 1
	sysctl_set c net.ipv6.conf.all.forwarding 1
	ipn d link add mt2 type "$KIND"
	ipn d link set mt2 netns "c-$RUN_ID"
	ipn d link add mt3 type "$KIND"
	ipn d link set mt3 netns "e-$RUN_ID"
	vpn c set mt2 private-key <(echo "${PRIV[a0]}") listen-port 1 peer "${PUB[b0]}" \
		allowed-ips 0.0.0.0/0,::/0
	vpn e set mt3 private-key <(echo "${PRIV[b0]}") listen-port 2 peer "${PUB[a0]}" \
		allowed-ips 0.0.0.0/0,::/0
	addresses c mt2 10.6.0.1/24 fd06::1/64
	addresses e mt3 10.6.0.2/24 fd06::2/64
	ipn d route add 10.6.0.0/24 via 10.5.0.1
	ipn d route add fd06::/64 via fd05::1
}

# loop_bytes ADDRESS: what one packet makes when it comes back again and again
loop_bytes()
{
	local before after

	peer c mt2 b0 endpoint 127.0.0.1:2
	ping_one c 10.6.0.2
	before=$(sent c mt2 b0)
	peer c mt2 b0 endpoint "$1"
	on c ping -q -c 1 -W 1 10.6.0.2 || true
	sleep 1
	after=$(sent c mt2 b0)
	peer c mt2 b0 endpoint 127.0.0.1:2
	echo "$((after - before)) bytes"
	# It did come back, many times
	((after - before > 4000 && after - before < 70000))
	ping_one c 10.6.0.2
}

# tower HEIGHT: each device's way out is the one below it, down to a cable of its own. What holds
# so many messages is neither sealed nor opened on one stack.
tower()
{
	local i below=10.4.0

	ns_add f g
	veth f in 10.4.0.1/24 - g in 10.4.0.2/24 -
	ipn f link set in mtu 9000
	ipn g link set in mtu 9000
	for ((i = 1; i <= $1; i++)); do
		device f "tt$i" a0 $((100 + i)) "10.10.$i.1/24"
		device g "tt$i" b0 $((100 + i)) "10.10.$i.2/24"
		ipn f link set "tt$i" mtu $((9000 - 60 * i))
		ipn g link set "tt$i" mtu $((9000 - 60 * i))
		peer f "tt$i" b0 allowed-ips "10.10.$i.2/32" endpoint "$below.2:$((100 + i))"
		peer g "tt$i" a0 allowed-ips "10.10.$i.1/32"
		ping_one f "10.10.$i.2"
		below=10.10.$i
	done
	ping_one f "$below.2" -s 1400
	ping_one g "$below.1" -s 1400
	ns_del f
	ns_del g
}

setup
loop_setup
W="E17 in a tunnel in a tunnel:"
check "$W ping v4 both ways" ping_both 10.8.0.2 10.8.0.1
check "$W ping v6 both ways" ping_both fd08::2 fd08::1
check "$W TCP v4" iperf a 10.8.0.2 -n 1M
check "$W TCP v6" iperf b fd08::1 -n 1M
check "$W UDP v4" iperf a 10.8.0.2 -u -b 0 -n 500K
check "$W UDP v6" iperf b fd08::1 -u -b 0 -n 500K
# More for each than its buffer takes
check "$W parallel TCP" iperf a 10.8.0.2 -n $((2 * $(nproc)))M -P "$(nproc)"
check "$W big MTUs" big_inside
check "E17 two devices that are each other's way out" loop_of_two
check "E18 a loop across namespaces stays below 70 kB, v4" loop_bytes 10.6.0.2:2
check "E18 a loop across namespaces stays below 70 kB, v6" loop_bytes "[fd06::2]:2"
check "E22 onion: one device carries a packet twice" onion
check "E22 onion: peers behind each other and themselves" onion_loop
check "E22 the tunnels still work" works_again
check "E17 a tower of 16 tunnels" tower 16
finish
