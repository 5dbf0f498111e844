#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B48 and the way in, fuzzed with the kernel's own coverage as a guide (kcov/kcov.c): packets
# from the device's UDP port to the stack, through its queues and workers; requests to the
# netlink family. What a bad input does is the kernel's to report: this is for the debug
# kernel, which has CONFIG_KCOV.
#
#	SECONDS_EACH	seconds for each of the two	(60)
#	SEED		of the random numbers; the output has the one that was used

. "${0%/*}/lib.sh"

FUZZ=${BASH_SOURCE[0]%/*}/kcov/kcov_fuzz

[[ $KIND == mytun ]] || skip_all "the fuzzer's netlink family is mytun's"
[[ -e /sys/kernel/debug/kcov ]] || skip_all "no coverage from this kernel (CONFIG_KCOV)"
[[ -x $FUZZ ]] || skip_all "missing: kcov_fuzz (make all)"
plan 4
export SECONDS_EACH=${SECONDS_EACH:-60}

# reached FILE BLOCKS: it went on for the whole time, found more than it was given, and saw
# at least that much of the module
reached()
{
	local words

	cat "$1" >&3
	[[ $(tail -n 1 "$1") =~ ^[a-z]+:\ seed\ [0-9]+:\ ([0-9]+)\ inputs\ in\ ([0-9]+)\ s,\ ([0-9]+)\ blocks,\ ([0-9]+)\ edges,\ corpus\ ([0-9]+),\ ([0-9]+)\ first$ ]]
	words=("${BASH_REMATCH[@]}")
	((words[1] > 10 * words[6] && words[3] >= $2 && words[5] > words[6]))
}

# drops_seen: for how many reasons something was dropped on its way in
drops_seen()
{
	vpn k show mt0 drops | awk '/^rx-/ && $2 { print } ' | tee /dev/fd/4 | wc -l
}

packets()
{
	ns_add k
	keys b f
	device k mt0 b 2 10.9.0.1/24
	echo "${PRIV[f]}" | on k "$FUZZ" packet mt0 "${PUB[b]}" 2 >"$TMP/packet"
	reached "$TMP/packet" "$1"
	exec 4>"$TMP/drops"
	drops_seen >"$TMP/reasons"
	sed 's/^/# /' "$TMP/drops" >&3
	# malformed, bad mac1, bad handshake, bad cookie, unknown index, tag, replay, frame, source,
	# control; by and by more
	(($(<"$TMP/reasons") >= 8))
	# It lives
	vpn k show mt0 >/dev/null
	ipn k link delete mt0
}

requests()
{
	ns_add n
	keys c
	device n mt0 c 3 10.9.0.1/24
	on n "$FUZZ" netlink mt0 >"$TMP/netlink"
	reached "$TMP/netlink" "$1"
	vpn n show mt0 >/dev/null
	ipn n link delete mt0
}

exec 3>&1
check "B48 packets led by coverage, $SECONDS_EACH s" packets 700
check "B48 requests to netlink led by coverage, $SECONDS_EACH s" requests 500
finish
