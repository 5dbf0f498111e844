#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E31 to E35: large configurations go in and come out whole, in as many messages as they
# take, and a script written for wg does its work with our tool in wg's place.
#
#   +------ a ------+
#   | mt0           |   no traffic: many peers, many allowed IPs
#   | mt1           |
#   +---------------+

. "${0%/*}/lib.sh"

plan 9

fresh()
{
	ipn a link add mt0 type "$KIND"
	defer ipn a link delete mt0
}

# prefixes_of_two_nets: 255 * 256 * 2 addresses, one a line
prefixes_of_two_nets()
{
	awk 'BEGIN {
		for (net = 20; net < 22; net++)
			for (i = 0; i < 255; i++)
				for (j = 0; j < 256; j++)
					print net "." i ".7." j "/32"
	}'
}

# peer_section KEY: of a configuration file; the allowed IPs are read, one a line
peer_section()
{
	printf '[Peer]\nPublicKey = %s\nAllowedIPs = ' "$1"
	paste -s -d ,
}

# shown_prefixes DEV KEY: allowed IPs as the tool shows them of one peer, one a line
shown_prefixes()
{
	vpn a show "$1" allowed-ips | awk -F '\t' -v key="$2" '$1 == key { print $2 }' |
		tr ' ' '\n'
}

# has_all DEV FILE: the device's first peer has exactly these, in any order
has_all()
{
	shown_prefixes "$1" "${PUB[a]}" | awk '
		NR == FNR { wanted[$0]; n++; next }
		!($0 in wanted) { print "not wanted: " $0; bad = 1 }
		{ delete wanted[$0]; n-- }
		END { if (n) print "missing: " n; exit bad || n }' "$2" -
}

# One peer's allowed IPs do not fit one message, neither in nor out
one_large_peer()
{
	fresh
	prefixes_of_two_nets >"$TMP/large"
	peer_section "${PUB[a]}" <"$TMP/large" >"$TMP/conf"
	vpn a setconf mt0 "$TMP/conf"
	has_all mt0 "$TMP/large"
	# There and back again
	vpn a showconf mt0 >"$TMP/conf2"
	same 1 "$(grep -c PublicKey "$TMP/conf2")"
	ipn a link add mt1 type "$KIND"
	defer ipn a link delete mt1
	vpn a setconf mt1 "$TMP/conf2"
	has_all mt1 "$TMP/large"
}

# same_conf FILE FILE: the same apart from the order, and from what the kernel chose
same_conf()
{
	local file

	for file; do
		grep -v ListenPort "$file" | tr ',' '\n' | sed 's/^AllowedIPs =//; s/^ *//' |
			grep -v '^\[Interface\]$' | grep . | sort >"$file.sorted"
	done
	diff "$1.sorted" "$2.sorted" | head -n 20
	cmp "$1.sorted" "$2.sorted"
}

# conf_of PEERS PREFIXES: a configuration with many peers, each with many prefixes. (The
# public keys need not be of any private key: 252 random bits, and the last four zero.)
conf_of()
{
	printf '[Interface]\nPrivateKey = %s\nListenPort = 4321\nFwMark = 0x77\n' "${PRIV[a]}"
	head -c $(($1 * 33)) /dev/urandom | base64 -w 44 | awk -v count="$2" '
		{
			printf "[Peer]\nPublicKey = %sA=\nAllowedIPs = ", substr($0, 1, 42)
			for (j = 0; j < count; j++)
				printf (j ? ", " : "") ((j % 2) ? "10.%d.%d.0/24" : "fd%02x:%x::/64"), NR, j + 1
			print ""
		}'
}

# goes_round PEERS PREFIXES: set it, read it, set another device with that, compare
goes_round()
{
	fresh
	conf_of "$1" "$2" >"$TMP/conf"
	vpn a setconf mt0 "$TMP/conf"
	same "$1" "$(vpn a show mt0 peers | wc -l)"
	same $(($1 * $2)) "$(vpn a show mt0 allowed-ips | cut -f 2 | wc -w)"
	vpn a showconf mt0 >"$TMP/conf2"
	same_conf "$TMP/conf" "$TMP/conf2"
	ipn a link add mt1 type "$KIND"
	defer ipn a link delete mt1
	vpn a setconf mt1 "$TMP/conf2"
	vpn a showconf mt1 >"$TMP/conf3"
	same_conf "$TMP/conf2" "$TMP/conf3"
}

# The second peer has none; the first one's need more than one message
two_peers()
{
	fresh
	{
		for ((i = 1; i <= 197; i++)); do
			echo "fd00:$i::/64"
		done | peer_section "${PUB[a]}"
		printf '[Peer]\nPublicKey = %s\n' "${PUB[b]}"
	} >"$TMP/conf"
	vpn a setconf mt0 "$TMP/conf"
	same 2 "$(vpn a show mt0 peers | wc -l)"
	same 197 "$(shown_prefixes mt0 "${PUB[a]}" | wc -l)"
	same "(none)" "$(shown_prefixes mt0 "${PUB[b]}")"
	vpn a showconf mt0 >"$TMP/conf2"
	same_conf "$TMP/conf" "$TMP/conf2"
}

no_such_device()
{
	fails vpn a show mt9 2>"$TMP/error"
	cat "$TMP/error"
	[[ $TOOL == wg ]] || grep -q "mt9" "$TMP/error"
	fails vpn a showconf mt9
	fails vpn a set mt9 listen-port 1
	fails vpn a show lo
	fails vpn a set lo listen-port 1
	ipn a link add mt0 type "$KIND"
	vpn a show mt0
	ipn a link delete mt0
	fails vpn a show mt0
}

# setconf replaces what there is, addconf adds to it, syncconf changes only the difference
conf_commands()
{
	fresh
	conf_of 3 4 >"$TMP/three"
	vpn a setconf mt0 "$TMP/three"
	printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.200.0.0/16\n' "${PUB[b]}" >"$TMP/one"
	vpn a addconf mt0 "$TMP/one"
	same 4 "$(vpn a show mt0 peers | wc -l)"
	same 4321 "$(vpn a show mt0 listen-port)"
	vpn a syncconf mt0 "$TMP/three"
	same 3 "$(vpn a show mt0 peers | wc -l)"
	vpn a show mt0 peers >"$TMP/peers"
	fails grep -F "${PUB[b]}" "$TMP/peers"
	vpn a setconf mt0 "$TMP/one"
	same "${PUB[b]}" "$(vpn a show mt0 peers)"
	same "(none)" "$(vpn a show mt0 private-key)"
	same off "$(vpn a show mt0 fwmark)"
}

# What people have in their scripts, with our tool under the name of wg
wg_script()
{
	mkdir "$TMP/bin"
	defer rm -r "$TMP/bin"
	ln -s "$(type -P "$TOOL")" "$TMP/bin/wg"
	fresh
	conf_of 40 52 >"$TMP/forty"
	on a env PATH="$TMP/bin:$PATH" FORTY="$TMP/forty" TMP="$TMP" bash -eu -o pipefail <<-'SCRIPT'
		umask 077
		wg genkey >"$TMP/key"
		pub=$(wg pubkey <"$TMP/key")
		peer=$(wg genkey | wg pubkey)
		wg genpsk >"$TMP/psk"
		wg set mt0 listen-port 5555 fwmark 0x1234 private-key "$TMP/key" \
			peer "$peer" preshared-key "$TMP/psk" endpoint 192.0.2.1:51820 \
			persistent-keepalive 25 allowed-ips 10.0.0.0/8,fd00::/8
		[[ $(wg show interfaces) == mt0 ]]
		[[ $(wg show mt0 public-key) == "$pub" ]]
		[[ $(wg show mt0 listen-port) == 5555 ]]
		[[ $(wg show mt0 fwmark) == 0x1234 ]]
		[[ $(wg show mt0 peers) == "$peer" ]]
		[[ $(wg show mt0 endpoints) == "$peer	192.0.2.1:51820" ]]
		[[ $(wg show mt0 allowed-ips) == "$peer	10.0.0.0/8 fd00::/8" ]]
		[[ $(wg show mt0 persistent-keepalive) == "$peer	25" ]]
		[[ $(wg show mt0 latest-handshakes) == "$peer	0" ]]
		[[ $(wg show mt0 transfer) == "$peer	0	0" ]]
		[[ $(wg show mt0 preshared-keys) == "$peer	$(<"$TMP/psk")" ]]
		[[ $(wg show all dump | wc -l) == 2 ]]
		IFS=$'\t' read -r private public port mark < <(wg show mt0 dump)
		[[ $private == "$(<"$TMP/key")" && $public == "$pub" ]]
		[[ $port == 5555 && $mark == 0x1234 ]]
		wg show mt0 dump | tail -n 1 | {
			IFS=$'\t' read -r key psk endpoint ips seen rx tx keepalive
			[[ $key == "$peer" && $psk == "$(<"$TMP/psk")" && $ips == 10.0.0.0/8,fd00::/8 ]]
			[[ $endpoint == 192.0.2.1:51820 && "$seen $rx $tx $keepalive" == "0 0 0 25" ]]
		}
		grep -q "^  listening port: 5555" <<<"$(wg show mt0)"
		grep -q "^  persistent keepalive: every 25 seconds" <<<"$(wg show mt0)"
		grep -q "^  preshared key: (hidden)" <<<"$(wg show mt0)"
		grep -q "^  preshared key: $(<"$TMP/psk")" <<<"$(WG_HIDE_KEYS=never wg show mt0)"
		wg showconf mt0 | wg setconf mt0 /dev/stdin
		wg set mt0 peer "$peer" remove
		[[ ! $(wg show mt0 peers) ]]
		wg addconf mt0 "$FORTY"
		[[ $(wg show mt0 peers | wc -l) == 40 ]]
		wg syncconf mt0 <(wg showconf mt0)
		[[ $(wg show mt0 allowed-ips | wc -w) == $((40 * 53)) ]]
		if wg show nonexistent; then exit 1; fi
		if wg set mt0 listen-port nonsense; then exit 1; fi
	SCRIPT
}

setup()
{
	ns_add a
	keys a b
}

setup
check "E31 255*256*2 allowed IPs in one peer" one_large_peer
check "E32 40 peers with 52 allowed IPs" goes_round 40 52
check "E33 30 peers go through showconf and back" goes_round 30 1
check "E34 197 IPv6 allowed IPs, and a second peer with none" two_peers
check "E35 what is no such device is not shown" no_such_device
check "setconf, addconf, syncconf" conf_commands
check "a script written for wg" wg_script
finish
