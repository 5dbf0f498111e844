#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B40, B43, B49: no memory. Each allocation of each request fails once, then each of the way
# out; then some of all those in the module, at both ends of a tunnel that is in use. What
# is refused is refused with ENOMEM and changes nothing, what is lost is lost, nothing is
# left behind, and afterwards everything works.
#
#   +------- a ------+      +------- b ------+
#   | ab 10.1.0.1    |======| ab 10.1.0.2    |
#   | mt0 10.9.0.1   |......| mt0 10.9.0.2   |
#   | mt1            |      +----------------+
#   +----------------+
#
# It needs a kernel with CONFIG_FAULT_INJECTION, FAILSLAB, FAULT_INJECTION_DEBUG_FS, such as
# the debug kernel.
#
#	FAULTS	allocations that fail while the tunnel is in use	(200)

. "${0%/*}/lib.sh"

FAIL_NTH=${BASH_SOURCE[0]%/*}/fail_nth
SLAB=/sys/kernel/debug/failslab
PAGES=/sys/kernel/debug/fail_page_alloc
LEAKS=/sys/kernel/debug/kmemleak
FAULTS=${FAULTS:-200}
# Linux shows its stack when a sysctl of a new device's neighbours gets no memory
LOG_BAD=${LOG_BAD/Call Trace|/}

[[ -e /proc/self/fail-nth && -d $SLAB ]] ||
	skip_all "no fault injection in this kernel (CONFIG_FAULT_INJECTION, FAILSLAB)"
[[ -x $FAIL_NTH ]] || skip_all "missing: fail_nth (make all)"
plan 20
need socat

# set_all DIRECTORY FILE VALUE...: those of the files that are there
set_all()
{
	local dir=$1

	shift
	while (($#)); do
		[[ ! -e $dir/$1 ]] || echo "$2" >"$dir/$1"
		shift 2
	done
}

setup()
{
	ns_add a b
	keys a b
	veth a ab 10.1.0.1/24 - b ab 10.1.0.2/24 -
	device a mt0 a 1 10.9.0.1/24
	device b mt0 b 2 10.9.0.2/24
	peer a mt0 b allowed-ips 10.9.0.2/32 endpoint 10.1.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32 endpoint 10.1.0.1:1
	ipn a link add mt1 type "$KIND"
	# Also what may sleep; and not a word of each, which would look like a warning
	set_all "$SLAB" ignore-gfp-wait N verbose 0 probability 0
	set_all "$PAGES" ignore-gfp-wait N ignore-gfp-highmem N min-order 0 verbose 0 probability 0
	set_all /sys/kernel/debug/fail_usercopy verbose 0 probability 0
	[[ ! -e $LEAKS ]] || echo clear >"$LEAKS"
}

# sweep OPERATION
sweep()
{
	on a "$FAIL_NTH" mt1 "$1" | tee -a "$TMP/faults"
}

# The device in use is another one
packets_out()
{
	ping_one a 10.9.0.2
	on a "$FAIL_NTH" mt0 packet 10.9.0.2 | tee -a "$TMP/faults"
	wait_for 20 ping_all a 10.9.0.2 5
}

# faults_in_module: allocations that the module's code asks for fail, or where the kernel
# cannot tell, those that may not sleep, wherever they are
faults_in_module()
{
	local start

	if [[ -e $SLAB/require-start ]]; then
		start=$(</sys/module/"$KIND"/sections/.text)
		# Too large for a decimal number with a sign
		echo "$start" >"$SLAB/require-start"
		printf '0x%x\n' $((start + $(</sys/module/"$KIND"/coresize))) >"$SLAB/require-end"
		set_all "$SLAB" stacktrace-depth 32 ignore-gfp-wait N
	else
		set_all "$SLAB" ignore-gfp-wait Y
	fi
	set_all "$SLAB" task-filter N interval 1 probability "$1" times "$FAULTS"
}

no_faults()
{
	set_all "$SLAB" probability 0 times 0 require-start 0 require-end 0 ignore-gfp-wait N
}

# left_to_fail: of FAULTS, how many have not been used up
left_to_fail()
{
	cat "$SLAB/times"
}

# no_memory: what both devices have dropped for want of it
no_memory()
{
	{ vpn a show mt0 drops; vpn b show mt0 drops; } |
		awk '$1 ~ /-no-memory$/ { n += $2 } END { print n + 0 }'
}

# in_use PROBABILITY: packets, handshakes, peers and devices, while allocations fail. Most that a
# packet's way needs are the stack's, so there are more until the module was among those who got
# nothing.
in_use()
{
	local i left before all=0

	works
	spawn b socat -u TCP-LISTEN:9,fork,reuseaddr /dev/null
	wait_for 5 on a bash -c ': >/dev/tcp/10.9.0.2/9'
	before=$(no_memory)
	defer no_faults
	faults_in_module "$1"
	for i in {1..40}; do
		on a ping -q -c 20 -i 0.002 -W 1 10.9.0.2 || true
		on b ping -q -s 3000 -c 5 -i 0.002 -W 1 10.9.0.1 || true
		# What TCP sends are clones, of which the module has to make copies
		on a timeout $((2 * SLOW)) bash -c 'head -c 50000 /dev/zero >/dev/tcp/10.9.0.2/9' ||
			true
		if (($(left_to_fail) == 0)); then
			all=$((all + FAULTS))
			(($(no_memory) == before)) || break
			echo "$FAULTS" >"$SLAB/times"
		fi
		((i % 4)) || ipn a link set mt0 down || true
		((i % 4)) || ipn a link set mt0 up || true
	done
	left=$(left_to_fail)
	((left == 0)) || all=$((all + FAULTS - left))
	no_faults
	echo "$all faults, $(($(no_memory) - before)) of them the module's, $i rounds" |
		tee -a "$TMP/faults"
	((all >= FAULTS / 2))
	(($(no_memory) > before))
	ipn a link set mt0 up
	wait_for 30 ping_all a 10.9.0.2 5
	wait_for 30 ping_all b 10.9.0.1 5
	end_jobs
}

works()
{
	ping_all a 10.9.0.2 5
	ping_all b 10.9.0.1 5
}

# no_leaks: what was allocated since the beginning is either freed or in use
no_leaks()
{
	[[ -e $LEAKS ]] || skip "no kmemleak in this kernel"
	# An object is looked at when it is some seconds old
	sleep 6
	echo scan >"$LEAKS"
	echo scan >"$LEAKS"
	fails grep . "$LEAKS"
}

setup
for operation in dev_get dev_dump dev_set peer_new peer_set peer_get peer_dump peer_del \
		link_add link_up; do
	check "B40 B49 each allocation of $operation fails" sweep "$operation"
done
ipn a link set mt1 up
for operation in dev_set peer_new peer_set peer_del; do
	check "B40 B49 each allocation of $operation fails, the device is up" sweep "$operation"
done
ipn a link delete mt1
check "B40 each allocation of a packet's way out fails" packets_out
check "B40 one of 20 allocations fails while the tunnel is in use" in_use 5
check "B40 every second allocation fails while the tunnel is in use" in_use 50
ns_delete
check "B40 nothing leaks" no_leaks
[[ ! -e $TMP/faults ]] || sed 's/^/# B40: /' "$TMP/faults"
finish
