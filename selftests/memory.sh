#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B13 and B54: keys that are not needed any longer are nowhere in the memory, and never in
# the log. All of the RAM is searched, free pages too, but for the memory of processes and the
# contents of files: first while the keys are needed, which shows that the search finds them,
# then after that.
# Topology: rawpeer/lib.sh; rawpeer says what secrets it shares with the device.
#
# It waits for ten minutes, and should have a small guest that skips them (run.sh --icount
# --mem 512M): a search must take less than the 5 s after which a handshake begins anew.

. "${0%/*}/lib.sh"
. "${0%/*}/rawpeer/lib.sh"

MEMSEARCH=${0%/*}/memsearch
# Of struct noise_handshake: from the chaining key back to our private ephemeral key
BACK=96
IDLE=560	# seconds: REJECT_AFTER_TIME * 3, and the kernel's wheel may be 16 s late

[[ -x $RAWPEER && -x $MEMSEARCH ]] || skip_all "rawpeer or memsearch is not built"
[[ -r /proc/kcore && -r /proc/kpageflags ]] || skip_all "no /proc/kcore, /proc/kpageflags"
plan 8
shopt -s extglob

# hex BASE64: 32 bytes
hex()
{
	base64 -d <<<"$1" | od -An -v -tx1 | tr -d ' \n'
}

# secret NAME HEX: look for it from now on. (Every check is a shell of its own.)
secret()
{
	[[ $2 =~ ^[0-9a-f]{64}$ && $2 =~ [1-9a-f] ]]
	echo "$1 $2" >>"$TMP/secrets"
}

# shared: the secrets that rawpeer shares with the device now, into SECRETS
declare -A SECRETS
shared()
{
	local words i

	raw r secrets
	read -r -a words <<<"$ANSWER"
	for ((i = 0; i < ${#words[@]}; i += 2)); do
		SECRETS[${words[i]}]=${words[i + 1]}
	done
}

# search [BACK]: all secrets in all of the memory; lines "NAME COUNT" in $TMP/found
search()
{
	"$MEMSEARCH" "$@" <"$TMP/secrets" >"$TMP/found" 2>"$TMP/places"
	tail -n 1 "$TMP/places"
}

# is_there NAME..., is_gone NAME...: as the last search found
is_there()
{
	local name

	for name; do
		grep -q "^$name [1-9]" "$TMP/found" || { echo "not found: $name"; return 1; }
	done
}

is_gone()
{
	local name

	for name; do
		grep -qx "$name 0" "$TMP/found" || { grep "^$name " "$TMP/places"; return 1; }
	done
}

setup()
{
	: >"$TMP/secrets"
	device_make
	keys r c
	raw_start r 5000 10.9.0.2
	PSK=$("$TOOL" genpsk)
}

# The device sends an initiation and waits for the answer: it needs the chaining key, and a
# private ephemeral key, which we find beside it.
in_handshake()
{
	local name key

	peer_again r 5000 10.9.0.2
	# Then there are key schedules as well
	peer b mt0 r cipher aes-256-gcm
	on b ping -q -c 1 -W 1 10.9.0.2 >/dev/null &
	raws initiation r await initiation 10
	shared
	secret chaining "${SECRETS[chaining]}"
	secret static-static "${SECRETS[static-static]}"
	search "$BACK"
	is_there chaining static-static
	while read -r _ name key; do
		raw r ephemeral "$key"
		[[ $ANSWER != yes ]] || break
	done < <(grep "^back chaining" "$TMP/found")
	same yes "$ANSWER"
	secret ephemeral "$key"
}

in_session()
{
	raws "built 92" r response
	raws "sent 1" r send home
	raws "session *" r begin
	works r
	shared
	secret sending "${SECRETS[sending]}"
	secret receiving "${SECRETS[receiving]}"
	secret gcm-sending "${SECRETS[gcm-sending]}"
	secret gcm-receiving "${SECRETS[gcm-receiving]}"
	search
	is_there sending receiving gcm-sending gcm-receiving static-static
	is_gone chaining ephemeral
}

# Nothing is sent or received for 540 s after the handshake
idle()
{
	raw r replies
	sleep "$IDLE"
	search
	is_there static-static
	is_gone sending receiving gcm-sending gcm-receiving chaining ephemeral
}

# (Nothing here asks the device for what it has: an answer has its private key, and lies in one
# of netlink's buffers, which nobody wipes.)
#
# A peer without any session: its preshared key goes with it, as does the product of the
# static keys of one that had one
peers_removed()
{
	secret preshared "$(hex "$PSK")"
	peer b mt0 c preshared-key <(echo "$PSK") allowed-ips 10.9.0.3/32
	search
	is_there preshared static-static
	vpn b set mt0 peer "${PUB[c]}" remove peer "${PUB[r]}" remove
	wait_for 5 peers_destroyed
	search
	is_gone preshared static-static
}

peers_destroyed()
{
	(($(grep -cE ': Peer .* destroyed' "$TMP/log") >= 2))
}

# The key that lasts is the device's own. What is set is replaced, too, by the next one.
device_deleted()
{
	local next

	next=$("$TOOL" genkey)
	secret private "$(hex "${PRIV[b]}")"
	secret next-private "$(hex "$next")"
	search
	is_there private
	is_gone next-private
	vpn b set mt0 private-key <(echo "$next")
	search
	is_there next-private
	is_gone private
	ipn b link delete mt0
	search
	is_gone private next-private
}

# pairs HEX SEPARATOR: with that behind each byte
pairs()
{
	local i

	for ((i = 0; i < ${#1}; i += 2)); do
		printf '%s%s' "${1:i:2}" "$2"
	done
}

# In no way of writing them: 8 bytes of each secret, twice, in hexadecimal with anything that
# may stand between bytes, and a part of it in base64
log_has_none()
{
	local name key text pattern='nothing' between='[ :,.x0-]{0,4}'

	log_mark searched
	# An interface, its two peers and a session, from beginning to end
	(($(grep -cE ': (Interface|Peer|Keypair) ' "$TMP/log") >= 8))
	while read -r name key; do
		pattern+="|$(pairs "${key:0:16}" "$between")|$(pairs "${key:16:16}" "$between")"
		text=$(unhex "$key" | base64 -w 0)
		text=${text:3:12}
		pattern+="|${text//+/\\+}"
	done <"$TMP/secrets"
	fails grep -iE "$pattern" "$TMP/log"
	# The pattern is one that finds
	read -r _ key <"$TMP/secrets"
	grep -qiE "$pattern" <<<"$(pairs "$key" ' ')"
	grep -qiE "$pattern" <<<"$(pairs "${key^^}" ', 0x')"
	grep -qiE "$pattern" <<<"${PRIV[b]}"
}

# unhex HEX: the bytes themselves
unhex()
{
	local i

	for ((i = 0; i < ${#1}; i += 2)); do
		printf '%b' "\\x${1:i:2}"
	done
}

setup
check "B13 the search finds what a handshake needs" in_handshake
check "B13 a session's keys are there, its ephemeral key is gone" in_session
check "B13 after 540 s idle no key of the session is in the memory" idle
check "B54 a peer's keys go with it" peers_removed
check "B54 a device's keys go with it, and when they are replaced" device_deleted
check "B54 no key in the log, with every message on" log_has_none
finish
