#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# E44: the module's own tests pass when it is loaded. And what else allocates does so once, for
# kmemleak to look at what is left (E46, run-kselftest.sh).
#
#   +-- a --+          +-- b --+
#   | out   |==========| out   |
#   | mt0   |..........| mt0   |
#   +-------+          +-------+

. "${0%/*}/lib.sh"

plan 8

# Those that a build with DEBUG=1 has
WANTED="aead allowedips crypto ratelimit replay"
[[ $KIND == mytun ]] || WANTED="allowedips counter ratelimiter nonce"

# The module tests itself when it is loaded, so it is loaded again
reload()
{
	log_mark reload
	modprobe -r "$KIND" || rmmod "$KIND"
	module_load
	log_mark reloaded
	sed -n '/ reload$/,/ reloaded$/p' "$TMP/log" | grep -i "self-test" >"$TMP/selftests" || true
	cat "$TMP/selftests"
}

# passes NAME
passes()
{
	[[ -s $TMP/selftests ]] || skip "this module was built without DEBUG=1"
	grep -iE "$1 self-tests: pass\$" "$TMP/selftests"
	fails grep -iE "$1 self-tests:.*FAIL" "$TMP/selftests"
}

# use: everything that allocates, once
use()
{
	ns_add a b
	keys a b
	veth a out 10.0.0.1/24 fd00::1/64 b out 10.0.0.2/24 fd00::2/64
	device a mt0 a 1 10.9.0.1/24 fd09::1/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64
	peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128 endpoint 10.0.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
	ping_all a 10.9.0.2 5
	peer a mt0 b endpoint "[fd00::2]:2"
	ping_all a fd09::2 5
	vpn a show mt0 dump
	vpn a showconf mt0
	# With packets that wait for a peer who does not answer
	peer a mt0 b endpoint 10.0.0.77:2
	vpn b set mt0 peer "${PUB[a]}" remove
	ipn a link set mt0 down
	addresses a mt0 fd09::1/64
	on a ping -q -c 3 -i 0.1 -w 1 fd09::2 || true
	ns_delete
}

reload >/dev/null
for name in $WANTED; do
	check "E44 $name self-tests" passes "$name"
done
check "everything that allocates, once" use
finish
