#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B43: a processor without any SIMD that the kernel's crypto library would use: the tunnel
# carries the same bytes by its generic code, to an end that has no other either.
# (clearcpuid=ssse3,avx,avx2,bmi2,adx on the kernel's command line.) Topology: shapes.sh.

. "${0%/*}/lib.sh"

SHAPES=${0%/*}/shapes

! grep -qE '^flags.* (ssse3|avx|avx2|bmi2|adx)( |$)' /proc/cpuinfo ||
	skip_all "this processor has SIMD: boot with clearcpuid=ssse3,avx,avx2,bmi2,adx"
plan 6

setup()
{
	ns_add a b
	keys a b
	veth a out 10.0.0.1/24 fd00::1/64 b out 10.0.0.2/24 fd00::2/64
	on a ethtool -K out tx off gso off >/dev/null || true
	device a mt0 a 1 10.9.0.1/24 fd09::1/64
	device b mt0 b 2 10.9.0.2/24 fd09::2/64
	on b ethtool -K mt0 gro off >/dev/null || true
	peer a mt0 b allowed-ips 10.9.0.2/32,fd09::2/128,10.9.7.0/24,fd09:7::/64 \
		endpoint 10.0.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32,fd09::1/128
}

# The library's modules would have registered these, if they had found what they need
generic()
{
	fails grep -E 'chacha20-simd|curve25519-x86|blake2s-x86' /proc/crypto
	ping_all a 10.9.0.2 5
	ping_all b fd09::1 5
}

same_bytes()
{
	[[ -x $SHAPES ]] || skip "the program shapes is not built"
	"$SHAPES" mtu "/run/netns/a-$RUN_ID" "/run/netns/b-$RUN_ID" mt0 out 1420
}

bulk()
{
	have iperf3 || skip "missing: iperf3"
	iperf_serve b
	iperf a 10.9.0.2 -n 1M
	iperf a fd09::2 -u -b 0 -n 500K
}

setup
check "B43 without SIMD: handshake and data, both families" generic
check "B43 without SIMD: every byte as it was sent" same_bytes
check "B43 without SIMD: bulk" bulk

# What the module tells of its self-tests, where it is built with them
known_answers()
{
	end_jobs
	ns_delete
	wait_for 10 modprobe -r "$KIND"
	LOG_FROM=$(stat -c %s "$TMP/log")
	module_load
	log_mark loaded
	grep -q 'self-tests: pass' "$TMP/log" || skip "the module is built without DEBUG=1"
	fails grep -q 'self-tests.*FAIL' "$TMP/log"
}

check "B43 without SIMD: the module's known answers" known_answers
finish
