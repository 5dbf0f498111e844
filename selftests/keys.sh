#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E16, E36 to E40: keys that change, are cleared, clamped, our own, or bad.
#
#   +-------- a --------+          +-------- b --------+
#   | out 10.0.0.1      |==========| out 10.0.0.2      |
#   | mt0 10.9.0.1      |..........| mt0 10.9.0.2      |
#   |     fd09::1       |          |     fd09::2       |
#   +-------------------+          +-------------------+

. "${0%/*}/lib.sh"

plan 13

# The points of small order on Curve25519 and its twist, and their other spellings: modulo
# p, and with the top bit, which is ignored (RFC 7748, section 5; cr.yp.to/ecdh.html). Zero
# itself is none of them here: the ABI has it for "no key".
LOW_ORDER=(
	0100000000000000000000000000000000000000000000000000000000000000
	e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800
	5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157
	ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
	edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
	eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
	0000000000000000000000000000000000000000000000000000000000000080
	0100000000000000000000000000000000000000000000000000000000000080
	e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880
	5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7
	ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
	edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
	eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
)

setup()
{
	ns_add a b
	keys a b other
	veth a out 10.0.0.1/24 - b out 10.0.0.2/24 -
	sysctl_set a net.ipv6.conf.all.keep_addr_on_down 1
	sysctl_set b net.ipv6.conf.all.keep_addr_on_down 1
	device a mt0 a 1 10.9.0.1/24 fd09::1/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64
	peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128 endpoint 10.0.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128 endpoint 10.0.0.1:1
}

# hex_key HEX: as the tool writes it
hex_key()
{
	local i bytes=

	for ((i = 0; i < ${#1}; i += 2)); do
		bytes+="\\x${1:i:2}"
	done
	printf %b "$bytes" | base64
}

# shows FIELD WANTED: of a's device
shows()
{
	local got

	got=$(vpn a show mt0 "$1")
	same "$2" "$got"
}

peers_are()
{
	same "$1" "$(vpn a show mt0 peers)"
}

# renew_key OLD NEW: a changes its key, and b knows it
renew_key()
{
	vpn a set mt0 private-key <(echo "${PRIV[$2]}")
	vpn b set mt0 peer "${PUB[$1]}" remove peer "${PUB[$2]}" \
		allowed-ips 10.9.0.1/32,fd09::1/128
}

# The pair goes on at once, not after the 5 s between two handshakes
new_private_key()
{
	keys new newer
	ping_one a 10.9.0.2
	renew_key a new
	SECONDS=0
	ping_all a 10.9.0.2 3
	((SECONDS < 5))
	# b does not know this one
	vpn a set mt0 private-key <(echo "${PRIV[newer]}")
	ping_fails a 10.9.0.2
	vpn a set mt0 private-key <(echo "${PRIV[new]}")
	ping_all a 10.9.0.2 3
	renew_key new a
	ping_all a 10.9.0.2 3
}

clear_private_key()
{
	vpn a set mt0 private-key /dev/null
	shows private-key "(none)"
	shows public-key "(none)"
	ping_fails a 10.9.0.2
	vpn a set mt0 private-key <(echo "${PRIV[a]}")
	shows private-key "${PRIV[a]}"
	shows public-key "${PUB[a]}"
	ping_one a 10.9.0.2
}

clear_psk()
{
	local psk

	psk=$("$TOOL" genpsk)
	peer a mt0 b preshared-key <(echo "$psk")
	shows preshared-keys "${PUB[b]}	$psk"
	peer b mt0 a preshared-key <(echo "$psk")
	rehandshake a b
	ping_one a 10.9.0.2
	peer a mt0 b preshared-key /dev/null
	shows preshared-keys "${PUB[b]}	(none)"
	# Only one side has it: no session
	rehandshake a b
	ping_fails a 10.9.0.2
	peer b mt0 a preshared-key /dev/null
	rehandshake a b
	ping_all a 10.9.0.2 2
}

# rehandshake A B: forget the sessions on both sides
rehandshake()
{
	local ns

	for ns in "$@"; do
		ipn "$ns" link set mt0 down
		addresses "$ns" mt0
	done
}

own_key_is_dropped()
{
	peer a mt0 other allowed-ips 10.9.0.77/32
	defer peer a mt0 other remove
	vpn a set mt0 private-key <(echo "${PRIV[other]}")
	defer vpn a set mt0 private-key <(echo "${PRIV[a]}")
	peers_are "${PUB[b]}"
	vpn a set mt0 private-key <(echo "${PRIV[a]}")
	peers_are "${PUB[b]}"
}

# Whether it is refused or ignored, the peer is not there
own_key_is_not_added()
{
	peer a mt0 a allowed-ips 10.9.0.77/32 || true
	peers_are "${PUB[b]}"
	vpn a addconf mt0 <(printf '[Peer]\nPublicKey = %s\n' "${PUB[a]}") || true
	peers_are "${PUB[b]}"
	ping_one a 10.9.0.2
}

# clamps GIVEN KEPT: a private key is kept as the curve wants it
clamps()
{
	defer restore_key
	vpn a set mt0 private-key <(hex_key "$1")
	shows private-key "$(hex_key "$2")"
	shows public-key "$(hex_key "$2" | "$TOOL" pubkey)"
	same "$(hex_key "$1" | "$TOOL" pubkey)" "$(hex_key "$2" | "$TOOL" pubkey)"
}

restore_key()
{
	vpn a set mt0 private-key <(echo "${PRIV[a]}")
}

# allowed PEER WANTED: in any order
allowed()
{
	local got

	got=$(field a mt0 allowed-ips "$1" | tr ' ' '\n' | sort | tr '\n' ' ')
	same "$2" "${got% }"
}

overlapping_allowed_ips()
{
	local own=10.9.0.2/32,fd09::2/128

	defer peer a mt0 b allowed-ips "$own"
	defer peer a mt0 other remove
	peer a mt0 b allowed-ips "$own,10.1.0.0/16,10.1.0.0/24,10.1.0.0/30,fd01::/32,fd01::/64"
	peer a mt0 b allowed-ips "$own,10.1.0.0/24,10.1.0.0/30,10.1.0.0/16,fd01::/64,fd01::/32"
	allowed b "10.1.0.0/16 10.1.0.0/24 10.1.0.0/30 10.9.0.2/32 fd01::/32 fd01::/64 fd09::2/128"
	# What is said twice, and host bits, and the same in one list, are one
	peer a mt0 b allowed-ips "$own,10.1.2.3/16,10.1.0.0/16,10.1.9.9/16"
	allowed b "10.1.0.0/16 10.9.0.2/32 fd09::2/128"
	# Exactly one peer has a prefix: the last
	peer a mt0 other allowed-ips 10.1.0.0/16,fd09::2/128
	allowed b 10.9.0.2/32
	allowed other "10.1.0.0/16 fd09::2/128"
	ping_fails a fd09::2
	peer a mt0 b allowed-ips "$own,10.1.0.0/16"
	allowed other "(none)"
	ping_one a fd09::2
	peer a mt0 b allowed-ips ""
	allowed b "(none)"
	ping_fails a 10.9.0.2
}

more_specific_wins()
{
	defer peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128
	defer peer a mt0 other remove
	peer a mt0 b allowed-ips 10.9.0.0/24,fd09::/64
	peer a mt0 other allowed-ips 0.0.0.0/0,::/0,10.9.0.0/23,fd09::/48
	ping_one a 10.9.0.2
	ping_one a fd09::2
	peer a mt0 other allowed-ips 10.9.0.2/32,fd09::2/128
	ping_fails a 10.9.0.2
	ping_fails a fd09::2
	peer a mt0 other allowed-ips 10.9.0.3/32
	ping_one a 10.9.0.2
}

# Not a byte leaves for a peer whose key is a point of small order, neither for a packet
# nor for a keepalive
low_order()
{
	local hex key i=0 set=() names=()

	for hex in "${LOW_ORDER[@]}"; do
		key=$(hex_key "$hex")
		names+=("$key")
		set+=(peer "$key" persistent-keepalive 1 endpoint 10.0.0.2:2
			allowed-ips "10.8.0.$((++i))/32")
		defer vpn a set mt0 peer "$key" remove
	done
	vpn a set mt0 "${set[@]}"
	ipn a route add 10.8.0.0/24 dev mt0
	defer ipn a route delete 10.8.0.0/24
	for i in {1..3}; do
		on a bash -c "for i in {1..${#names[@]}}; do echo >/dev/udp/10.8.0.\$i/9; done"
		sleep 0.5
	done
	vpn a show mt0 transfer >"$TMP/transfer"
	for key in "${names[@]}"; do
		! grep -qv "	0	0\$" <<<"$(grep -F "$key" "$TMP/transfer")" || fails echo "$key sent"
	done
	(($(grep -c . "$TMP/transfer") >= ${#names[@]}))
	ping_one a 10.9.0.2
}

setup
check "E16 a new private key: another handshake at once" new_private_key
check "E36 the private key is cleared and set" clear_private_key
check "E36 the preshared key is set and cleared" clear_psk
check "E37 a peer that is ourselves is dropped" own_key_is_dropped
check "E37 and cannot be added" own_key_is_not_added
check "E38 all ones are clamped" clamps "$(printf 'ff%.0s' {1..32})" \
	"f8$(printf 'ff%.0s' {1..30})7f"
check "E38 all but zero is clamped" clamps "07$(printf '00%.0s' {1..30})80" \
	"00$(printf '00%.0s' {1..30})40"
check "E38 a clamped key stays as it is" clamps "f8$(printf '5a%.0s' {1..30})40" \
	"f8$(printf '5a%.0s' {1..30})40"
check "E39 overlapping allowed IPs, set again" overlapping_allowed_ips
check "E39 the longest prefix wins" more_specific_wins
check "E40 nothing is sent to a key of low order" low_order
finish
