#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E50: bad input is refused with words that name it, and changes nothing; keys are for
# those who may administer the network, and for nobody else.
#
#   +------ a ------+
#   | mt0           |   one peer, everything set
#   +---------------+

. "${0%/*}/lib.sh"

# netlink_input: requests that no tool would make
RAW=$(cd "${0%/*}" && pwd)/netlink_input
RAW_CASES=()
if [[ -x $RAW && $KIND == mytun ]]; then
	read -r -d '' -a RAW_CASES < <("$RAW") || true
fi

plan $((13 + ${#RAW_CASES[@]} + 1))

setup()
{
	ns_add a
	keys a b c
	ipn a link add mt0 type "$KIND"
	vpn a set mt0 private-key <(echo "${PRIV[a]}") listen-port 4321 fwmark 0x77 \
		peer "${PUB[b]}" preshared-key <("$TOOL" genpsk) endpoint 192.0.2.1:51820 \
		persistent-keepalive 25 allowed-ips 10.0.0.0/8,fd00::/8
	vpn a showconf mt0 >"$TMP/before"
}

unchanged()
{
	vpn a showconf mt0 >"$TMP/after"
	cmp "$TMP/before" "$TMP/after"
	grep -q "PersistentKeepalive = 25" "$TMP/after"
}

# refused WORD ARGUMENTS...: exit 1, and the word is named (which wg does not always do)
refused()
{
	local word=$1 rc=0

	shift
	vpn a "$@" >"$TMP/out" 2>"$TMP/error" || rc=$?
	[[ $TOOL != wg ]] || word=
	if ((rc != 1)) || [[ $(<"$TMP/error") != *"$word"* ]]; then
		echo "exit $rc: $*"
		echo "said: $(<"$TMP/error")"
		return 1
	fi
}

bad_keys()
{
	local key=${PUB[c]} bad

	for bad in "" x "${key%=}" "${key:1}" "A$key" "${key/[A-Za-z]/!}" "${key%=}A" \
			"${key%?=}//" "${key:0:42}B="; do
		refused "$bad" set mt0 peer "$bad" allowed-ips 10.1.0.0/16
		refused "" set mt0 private-key <(echo "$bad.")
		refused "" set mt0 peer "$key" preshared-key <(echo "$bad.")
	done
	refused /nonexistent set mt0 private-key /nonexistent
	unchanged
}

bad_ports()
{
	local bad

	for bad in -1 65536 99999999999999999999 abc "" 1x 0x10000 "1 2"; do
		refused "$bad" set mt0 listen-port "$bad"
		refused "$bad" set mt0 peer "${PUB[c]}" endpoint "192.0.2.7:$bad"
	done
	unchanged
}

bad_endpoints()
{
	local bad

	for bad in 192.0.2.7 192.0.2.7: "" : "[fd00::1" "[fd00::1]" "[fd00::1]51820" \
			"[192.0.2.7.1]:1" "[fd00::1::2]:1" "192.0.2.256.1.2:1x"; do
		refused "$bad" set mt0 peer "${PUB[c]}" endpoint "$bad"
	done
	unchanged
}

bad_prefixes()
{
	local bad

	for bad in 10.0.0.0/33 10.0.0.0/-1 10.0.0.0/x 10.0.0.0/ 10.0.0/8 10.0.0.256/32 \
			fd00::/129 fd00::/-1 fd00:::/8 fd00::g/64 nonsense /8 \
			fd00::1::2/64 10.0.0.0/99999999999 10.0.0.0/8x; do
		refused "${bad%/*}" set mt0 peer "${PUB[b]}" allowed-ips "$bad"
		refused "${bad%/*}" set mt0 peer "${PUB[b]}" allowed-ips "10.3.0.0/16,$bad"
	done
	unchanged
}

bad_numbers()
{
	local bad

	for bad in -1 65536 abc 1x "" 4294967296; do
		refused "$bad" set mt0 peer "${PUB[b]}" persistent-keepalive "$bad"
	done
	for bad in -1 4294967296 0x100000000 abc 1x "" 0x; do
		refused "$bad" set mt0 fwmark "$bad"
	done
	unchanged
}

bad_words()
{
	refused nonsense set mt0 nonsense 1
	refused nonsense set mt0 peer "${PUB[b]}" nonsense
	refused nonsense show mt0 nonsense
	refused nonsense nonsense
	refused "" set mt0
	refused "" set
	refused "" set mt0 listen-port
	refused "" set mt0 peer
	refused "" set mt0 peer "${PUB[b]}" endpoint
	refused "" setconf mt0
	refused "" setconf mt0 /nonexistent
	refused "" showconf
	# What is right before a wrong word is not done either
	refused nonsense set mt0 listen-port 1234 peer "${PUB[c]}" nonsense
	unchanged
}

bad_devices()
{
	refused mt9 set mt9 listen-port 1
	refused lo set lo listen-port 1
	refused "" show "a-name-that-is-longer-than-any-device"
	refused "" set "a-name-that-is-longer-than-any-device" listen-port 1
	refused "" show ""
	unchanged
}

# refused_line LINE CONTENT: a file with this content, whose LINE is wrong
refused_line()
{
	local number=$1 command

	printf '%s\n' "${@:2}" >"$TMP/bad.conf"
	for command in setconf addconf syncconf; do
		refused "" "$command" mt0 "$TMP/bad.conf"
		[[ $TOOL != vpnctl ]] || refused "bad.conf:$number:" "$command" mt0 "$TMP/bad.conf"
	done
}

bad_files()
{
	local key="PublicKey = ${PUB[c]}"

	refused_line 1 "nonsense"
	refused_line 1 "ListenPort = 1"
	refused_line 1 "[Nonsense]"
	refused_line 2 "[Interface]" "ListenPort = 65536"
	refused_line 2 "[Interface]" "ListenPort"
	refused_line 2 "[Interface]" "PrivateKey = short"
	refused_line 2 "[Interface]" "Nonsense = 1"
	refused_line 2 "[Interface]" "$key"
	refused_line 3 "[Peer]" "$key" "AllowedIPs = 10.0.0.0/33"
	refused_line 3 "[Peer]" "$key" "Endpoint = nowhere"
	refused_line 3 "[Peer]" "$key" "PersistentKeepalive = 65536"
	refused_line 4 "[Peer]" "$key" "" "PresharedKey = x"
	unchanged
}

# A peer without a key; the file is right line by line
peer_without_key()
{
	printf '[Peer]\nAllowedIPs = 10.0.0.0/24\n' >"$TMP/bad.conf"
	refused "" setconf mt0 "$TMP/bad.conf"
	unchanged
}

# Who may not administer the network reads and changes nothing
not_root()
{
	local nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all)

	have setpriv || skip "missing: setpriv"
	# He may run it
	on a "${nobody[@]}" "$TOOL" genkey >/dev/null
	fails on a "${nobody[@]}" "$TOOL" show mt0 private-key
	fails on a "${nobody[@]}" "$TOOL" showconf mt0
	fails on a "${nobody[@]}" "$TOOL" set mt0 listen-port 1
	on a "${nobody[@]}" "$TOOL" show mt0 dump >"$TMP/out" 2>&1 || true
	fails grep -F "${PRIV[a]}" "$TMP/out"
	unchanged
}

# other_netns PID: is it in a network namespace of its own by now?
other_netns()
{
	[[ $(readlink "/proc/$1/ns/net") != $(on a readlink /proc/self/ns/net) ]]
}

# A device that was moved to a namespace of another user's: he may do what he likes with its
# peers, but its sockets are still here, and so are its port and its mark
port_and_mark()
{
	local pid guest before

	have unshare || skip "missing: unshare"
	ipn a link add moved type "$KIND"
	vpn a set moved private-key <(echo "${PRIV[c]}") listen-port 4322 fwmark 0x78
	spawn a unshare --user --map-root-user --net sleep 100
	pid=$!
	wait_for 10 other_netns "$pid"
	ipn a link set moved netns "$pid"
	guest=(nsenter --target "$pid" --user --net)
	before=$("${guest[@]}" "$TOOL" showconf moved)
	fails "${guest[@]}" "$TOOL" set moved listen-port 22
	fails "${guest[@]}" "$TOOL" set moved fwmark 0x77
	same "$before" "$("${guest[@]}" "$TOOL" showconf moved)"
	"${guest[@]}" "$TOOL" set moved peer "${PUB[b]}" allowed-ips 10.0.0.0/8
	same "${PUB[b]}" "$("${guest[@]}" "$TOOL" show moved peers)"
	# We are not him
	nsenter --target "$pid" --net "$TOOL" set moved listen-port 4323 fwmark 0x79
	same 4323 "$("${guest[@]}" "$TOOL" show moved listen-port)"
	unchanged
}

# raw CASE: the kernel refused it, with text
raw()
{
	grep -E "^(not )?ok $1: " "$TMP/raw"
	grep -q "^ok $1: " "$TMP/raw"
}

# The peer that the raw requests are about
known_peer()
{
	vpn a set mt0 peer "$(printf '\x42%.0s' {1..32} | base64)" allowed-ips 10.66.0.0/16
	vpn a showconf mt0 >"$TMP/before"
	on a "$RAW" mt0 >"$TMP/raw"
}

all_refused()
{
	[[ -x $RAW ]] || skip "netlink_input is not built"
	[[ $KIND == mytun ]] || skip "another kind's ABI"
	((${#RAW_CASES[@]}))
	same "${#RAW_CASES[@]}" "$(wc -l <"$TMP/raw")"
	unchanged
}

setup
check "E50 bad keys are refused" bad_keys
check "E50 bad ports are refused" bad_ports
check "E50 bad endpoints are refused" bad_endpoints
check "E50 bad prefixes are refused" bad_prefixes
check "E50 bad numbers are refused" bad_numbers
check "E50 unknown and missing words are refused" bad_words
check "E50 what is no such device is refused" bad_devices
check "E50 bad configuration files are refused" bad_files
check "E50 a peer without a key is refused" peer_without_key
check "E50 keys are for root" not_root
check "E50 port and mark are for those who may administer the sockets' namespace" port_and_mark
((${#RAW_CASES[@]} == 0)) || known_peer
for name in "${RAW_CASES[@]}"; do
	check "E50 netlink: ${name//_/ } is refused" raw "$name"
done
check "E50 netlink: what was refused has changed nothing" all_refused
finish
