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

# asleep SECONDS
asleep()
{
	echo 0 >"$ALARM"
	echo "+$1" >"$ALARM"
	echo mem >/sys/power/state
}

# uptime_s: seconds since the machine started, those asleep among them
uptime_s()
{
	local up

	read -r up _ </proc/uptime
	echo "${up%.*}"
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

# No session outlives a sleep, and traffic begins another.
sessions_end()
{
	local before

	((BALANCE)) || skip "no dynamic debug in this kernel"
	ping_one a 10.9.0.2
	wait_for 2 fails no_keypairs
	before=$(uptime_s)
	asleep 10
	# Or it did not sleep
	(($(uptime_s) >= before + 9))
	wait_for 2 no_keypairs
	wait_for 10 ping_one a 10.9.0.2
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

# A deadline passes while the machine sleeps, and the timer's clock stands still: it must not keep
# others waiting afterwards.
overslept()
{
	local before

	((BALANCE)) || skip "no dynamic debug in this kernel"
	ipn a link set mt0 down
	ipn a link set mt0 up
	wait_for 10 ping_one a 10.9.0.2
	peer a mt0 b persistent-keepalive 30
	defer peer a mt0 b persistent-keepalive 0
	# The timer is set for what is sooner, until that is over
	sleep 17
	ipn b link set mt0 down
	defer ipn b link set mt0 up
	asleep 30
	before=$(initiations)
	ping_fails a 10.9.0.2
	wait_for 7 initiations_since "$before"
}

setup
check "B38 asleep: no session outlives it" sessions_end
check "B38 asleep for longer than a deadline: handshakes come on time" overslept
finish
