#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E1 to E12: all kinds of traffic through one tunnel, over IPv4 and IPv6, with a
# usual and with a big MTU, counted to the byte.
#
#   +-------- a --------+   +------ outer ------+   +-------- b --------+
#   | mt0 10.9.0.1      |...| socket :1         |   | mt0 10.9.0.2      |
#   |     fd09::1       |   |      lo           |   |     fd09::2       |
#   |                   |   |         socket :2 |...|                   |
#   +-------------------+   +-------------------+   +-------------------+
#
# Both devices are created in outer, where their sockets stay when they move.

. "${0%/*}/lib.sh"

plan 33
need iperf3

KEYS_PSK=$("$TOOL" genpsk)
PARALLEL=$(nproc)

# ends_make ADDRESS: both devices, each with the other as its peer at ADDRESS
ends_make()
{
	local ns

	for ns in a b; do
		ipn outer link add mt0 type "$KIND"
		ipn outer link set mt0 netns "$ns-$RUN_ID"
	done
	vpn a set mt0 private-key <(echo "${PRIV[a]}") listen-port 1 peer "${PUB[b]}" \
		preshared-key <(echo "$KEYS_PSK") allowed-ips 10.9.0.2/32,fd09::2/128 \
		endpoint "$1:2"
	vpn b set mt0 private-key <(echo "${PRIV[b]}") listen-port 2 peer "${PUB[a]}" \
		preshared-key <(echo "$KEYS_PSK") allowed-ips 10.9.0.1/32,fd09::1/128 \
		endpoint "$1:1"
	# No IPv6 yet: nothing but what E11 sends may be counted
	addresses a mt0 10.9.0.1/24
	addresses b mt0 10.9.0.2/24
}

ends_delete()
{
	ipn a link delete mt0
	ipn b link delete mt0
}

# link_bytes NS: received and sent bytes of the device
link_bytes()
{
	local all

	all=$(ipn "$1" -s -j link show mt0)
	[[ $all =~ '"rx":{"bytes":'([0-9]+).*'"tx":{"bytes":'([0-9]+) ]]
	echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
}

# outer_bytes PORT HEADERS: what was sent from PORT, as the stack outside counts it,
# without the headers of IP and UDP
outer_bytes()
{
	local all

	all=$(on outer nft list chain inet count out)
	[[ $all =~ "udp sport $1 counter packets "([0-9]+)" bytes "([0-9]+) ]]
	echo $((BASH_REMATCH[2] - BASH_REMATCH[1] * $2))
}

# bytes_seen HEADERS: what each of the four counters has received and sent
bytes_seen()
{
	local of_a of_b

	of_a=$(outer_bytes 1 "$1") && of_b=$(outer_bytes 2 "$1") || return
	SEEN="$of_b $of_a|$of_b $of_a|$of_a $of_b|$of_a $of_b"
	COUNTED="$(field a mt0 transfer b)|$(link_bytes a)|$(field b mt0 transfer a)|$(link_bytes b)"
	[[ $SEEN == "$COUNTED" ]]
}

# bytes_are RX TX: an initiation is 148, a response 92, ten pings are 128 each; the one
# who starts may need an empty message, 32, to confirm the session. Who is slow says some
# things twice.
bytes_are()
{
	if ((SLOW > 1)); then
		(($1 >= 1372 && $2 >= 1428))
		return
	fi
	same "$1" 1372
	[[ $2 == 1428 || $2 == 1460 ]] || same "1428 or 1460" "$2"
}

# byte_counts HEADERS: to the byte what was outside, and no more than it has to be
byte_counts()
{
	local rx tx

	have nft || skip "missing: nft"
	ping_all a 10.9.0.2 5
	ping_all a 10.9.0.2 5
	wait_for 10 bytes_seen "$1" || same "$SEEN" "$COUNTED"
	read -r rx tx < <(field a mt0 transfer b)
	bytes_are "$rx" "$tx"
	(($(field a mt0 latest-handshakes b) > 0))
	(($(field b mt0 latest-handshakes a) > 0))
}

# count_outside: from now on, what leaves the two ports
count_outside()
{
	have nft || return 0
	on outer nft -f - <<-RULES
		table inet count
		delete table inet count
		table inet count {
			chain out {
				type filter hook output priority 0
				udp sport 1 counter
				udp sport 2 counter
			}
		}
	RULES
}

ping_both()
{
	ping_all a "$1" 5
	ping_all b "$2" 5
}

# traffic WHERE: the seven kinds
traffic()
{
	check "E1 ping v4 both ways, $1" ping_both 10.9.0.2 10.9.0.1
	check "E2 ping v6 both ways, $1" ping_both fd09::2 fd09::1
	check "E3 TCP v4, $1" iperf a 10.9.0.2 -Z -n 2M
	check "E4 TCP v6, $1" iperf b fd09::1 -Z -n 2M
	check "E5 UDP v4 as fast as it goes, $1" iperf a 10.9.0.2 -u -b 0 -n 1M
	check "E6 UDP v6 as fast as it goes, $1" iperf b fd09::1 -u -b 0 -n 1M
	check "E7 $PARALLEL parallel TCP, $1" iperf a 10.9.0.2 -n 2M -P "$PARALLEL"
}

# mtu_set MTU
mtu_set()
{
	ipn a link set mt0 mtu "$1"
	ipn b link set mt0 mtu "$1"
}

# A packet as long as the route allows is not padded beyond it: 1299 + 60 <= 1360
route_mtu()
{
	have nft || skip "missing: nft"
	on outer nft -f - <<-RULES
		table inet guard {
			chain out {
				type filter hook output priority 0
				udp sport { 1, 2 } meta length > 1360 counter drop
			}
		}
	RULES
	defer on outer nft delete table inet guard
	ipn a route replace 10.9.0.2/32 dev mt0 mtu 1299
	ipn b route replace 10.9.0.1/32 dev mt0 mtu 1299
	ping_all a 10.9.0.2 3 -M "do" -s 1271
	ping_fails a 10.9.0.2 -M "do" -s 1272
	ipn a route delete 10.9.0.2/32
	ipn b route delete 10.9.0.1/32
	# The guard itself holds: the same packet without the route's MTU is padded to 1312
	ping_fails a 10.9.0.2 -s 1271
}

ns_add a b outer
keys a b
iperf_serve a b

count_outside
ends_make 127.0.0.1
check "E11 ip -s and show count every byte" byte_counts 28
addresses a mt0 fd09::1/64
addresses b mt0 fd09::2/64
traffic "E8: outer v4, mtu 1420"
check "E12 route mtu 1299: padding stays within 1360 outside" route_mtu
mtu_set 34816
traffic "E9: outer v4, mtu 34816"
ends_delete

count_outside
ends_make "[::1]"
check "E11 ip -s and show count every byte, outer v6" byte_counts 48
addresses a mt0 fd09::1/64
addresses b mt0 fd09::2/64
traffic "E10: outer v6, mtu 1420"
mtu_set 34816
traffic "E10: outer v6, mtu 34816"

finish
