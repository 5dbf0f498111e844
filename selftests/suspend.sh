#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B38: the machine sleeps, and wakes up. It must be a guest of the tests', and nobody's machine.
#
#   +------- a ------+      +------- b ------+
#   | ab 10.1.0.1    |======| ab 10.1.0.2    |
#   | mt0 10.9.0.1   |......| mt0 10.9.0.2   |
#   +----------------+      +----------------+

. "${0%/*}/lib.sh"

ALARM=/sys/class/rtc/rtc0/wakealarm

[[ -d /vm ]] || skip_all "not a guest of the tests"
[[ -w $ALARM && $(cat /sys/power/mem_sleep 2>/dev/null) == *"[deep]"* ]] ||
	skip_all "it could not be woken"
plan 4

setup()
{
	ns_add a b
	keys a b
	veth a ab 10.1.0.1/24 - b ab 10.1.0.2/24 -
	device a mt0 a 1 10.9.0.1/24
	device b mt0 b 2 10.9.0.2/24
	peer a mt0 b allowed-ips 10.9.0.2/32 endpoint 10.1.0.2:2
	peer b mt0 a allowed-ips 10.9.0.1/32 endpoint 10.1.0.1:1
}

# uptime_s: seconds since the machine started, those asleep among them
uptime_s()
{
	local up

	read -r up _ </proc/uptime
	echo "${up%.*}"
}

# asleep SECONDS: or fail. Once for each guest: QEMU's wakes up from its second sleep at once.
asleep()
{
	local before

	before=$(uptime_s)
	echo 0 >"$ALARM"
	echo "+$1" >"$ALARM"
	echo mem >/sys/power/state
	(($(uptime_s) >= before + $1 - 1))
}

# keypairs EVENT: how often
keypairs()
{
	grep -c ": Keypair [0-9]* $1" "$TMP/log" || true
}

no_keypairs()
{
	(($(keypairs created) == $(keypairs destroyed)))
}

initiations()
{
	grep -c 'Sending handshake initiation' "$TMP/log" || true
}

# initiations_since COUNT: more than one since there were so many
initiations_since()
{
	(($(initiations) >= $1 + 2))
}

# When it sleeps the timer is set for the persistent keepalive, which falls due meanwhile. (One that
# was set for something sooner has fired in vain by then.)
sessions_end()
{
	((BALANCE)) || skip "no dynamic debug in this kernel"
	ping_one a 10.9.0.2
	peer a mt0 b persistent-keepalive 30
	sleep 17
	wait_for 2 fails no_keypairs
	asleep 20
	wait_for 2 no_keypairs
}

# The timer's clock stood still, and a deadline that passed must not keep others waiting.
overslept()
{
	local before

	((BALANCE)) || skip "no dynamic debug in this kernel"
	ipn b link set mt0 down
	before=$(initiations)
	ping_fails a 10.9.0.2
	wait_for 7 initiations_since "$before"
	ipn b link set mt0 up
	wait_for 10 ping_one a 10.9.0.2
}

setup
check "B38 asleep: no session outlives it" sessions_end
check "B38 asleep for longer than a deadline: handshakes come on time" overslept
finish
