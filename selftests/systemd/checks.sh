#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The units under a systemd that has booted them: what scripts/test-systemd.sh checks in the guest.
#
#	checks.sh before | first | second
#
# before: write down what the network is like before the tunnel. Then the two boots.
#
#   +-- host: systemd's own ns --+          +--------- other ---------+
#   | one  10.0.0.1              |==========| one  10.0.0.2           |
#   | mt0  10.9.0.1, fd09::1     |..........| mt1  10.9.0.2, fd09::2  |
#   |      vpnctl@mt0, the agent |          +-------------------------+
#   +----------------------------+
#
# /etc/vpnctl/mt0.conf is a full tunnel to other.test, which is not there while the guest boots.
# In /var/lib/mytun-test: this end's public key and the other's private one, what the first boot
# leaves for the second, and the packages.

. "${0%/*}/../lib.sh"

KEEP=/var/lib/mytun-test
TUNNEL=vpnctl@mt0.service
AGENT=vpnctl-agent.service
# Where the journal tells of a failure
TROUBLE='[Ff]ailed|[Tt]imed out|[Ww]atchdog|dumped core'

# ---- the two ends

# host: give systemd's own namespace a name, for the functions of lib.sh
host()
{
	ip netns attach "host-$RUN_ID" 1
}

# other_end: the other end appears
other_end()
{
	PRIV[other]=$(<"$KEEP/other.key")
	PUB[other]=$(vpnctl pubkey <"$KEEP/other.key")
	PUB[host]=$(<"$KEEP/host.pub")
	ns_add other
	veth host one 10.0.0.1/24 - other one 10.0.0.2/24 -
	device other mt1 other 51820 10.9.0.2/24 fd09::2/64
	peer other mt1 host allowed-ips 10.9.0.1/32,fd09::1/128
}

# tunnel_works: packets come through, of both families. The first ping is from this end, which may
# have lost its keys.
tunnel_works()
{
	wait_for 30 ping_one host 10.9.0.2
	ping_one host fd09::2
	ping_one other 10.9.0.1
	ping_one other fd09::1
}

# configured: mt0 is what its file says
configured()
{
	local all

	all=$(ip -o address show dev mt0)
	[[ $all == *"inet 10.9.0.1/24 "* && $all == *"inet6 fd09::1/64 "* ]]
	[[ $(ip -d -o link show mt0) == *",UP,"*" mytun "* ]]
	same 51820 "$(vpnctl show mt0 listen-port)"
	same "$(<"$KEEP/host.pub")" "$(vpnctl show mt0 public-key)"
	[[ $(ip route get 192.0.2.1) == *" dev mt0 "* ]]
}

# ifindex: of mt0
ifindex()
{
	cat /sys/class/net/mt0/ifindex
}

# ---- systemd

# of UNIT PROPERTY: its value
of()
{
	systemctl show -P "$2" "$1"
}

# is UNIT STATE SUBSTATE
is()
{
	same "$2 $3" "$(of "$1" ActiveState) $(of "$1" SubState)"
}

both_active()
{
	is $TUNNEL active exited
	is $AGENT active running
	same success "$(of $TUNNEL Result)"
	same success "$(of $AGENT Result)"
}

# nothing_failed: no unit at all
nothing_failed()
{
	local units

	units=$(systemctl list-units --failed --plain --no-legend)
	[[ ! $units ]] || { echo "$units"; journalctl -b -p warning -o cat; return 1; }
}

# boot_ended: wait for it. Its outcome is not ours alone, so it is nothing_failed that judges.
boot_ended()
{
	timeout 150 systemctl is-system-running --wait || (($? == 1))
	same "" "$(systemctl list-jobs --plain --no-legend)"
	nothing_failed
}

booted()
{
	both_active
	same 0 "$(of $AGENT NRestarts)"
	same enabled "$(systemctl is-enabled $TUNNEL)"
	same enabled "$(systemctl is-enabled $AGENT)"
	# And they had nothing to say
	fails grep -E "$TROUBLE" <<<"$(journalctl -b -o cat -u $TUNNEL -u $AGENT)"
}

verified()
{
	same "" "$(systemd-analyze verify --man=no $TUNNEL $AGENT 2>&1)"
}

# ---- the tunnel

by_dkms()
{
	[[ $(modinfo -n mytun) == /lib/modules/$(uname -r)/updates/dkms/mytun.ko* ]]
	same "$(modinfo -F srcversion mytun)" "$(</sys/module/mytun/srcversion)"
}

# stop takes away all that the boot has made; then it starts again
leaves_nothing()
{
	systemctl stop $TUNNEL
	is $TUNNEL inactive dead
	link_gone host mt0
	net_state host | diff "$KEEP/state" -
	systemctl start $TUNNEL
	both_active
	configured
}

# reload takes the file anew, and the device, its session and its counters stay
reloads()
{
	local index before since

	index=$(ifindex)
	since=$(of $TUNNEL ActiveEnterTimestampMonotonic)
	before=$(received host mt0 other)
	((before > 0))
	echo "PersistentKeepalive = 25" >>/etc/vpnctl/mt0.conf
	systemctl reload $TUNNEL
	both_active
	same "$index" "$(ifindex)"
	same "$since" "$(of $TUNNEL ActiveEnterTimestampMonotonic)"
	same 25 "$(field host mt0 persistent-keepalive other)"
	(($(received host mt0 other) >= before))
	ping_one other 10.9.0.1
}

# restart makes another device of the same configuration
restarts()
{
	local index config

	index=$(ifindex)
	config=$(vpnctl showconf mt0)
	systemctl restart $TUNNEL
	both_active
	configured
	fails same "$index" "$(ifindex)"
	same "$config" "$(vpnctl showconf mt0)"
	tunnel_works
	nothing_failed
}

# ---- the agent

# metric SAMPLE: its value, as the agent tells it
metric()
{
	printf 'GET /metrics HTTP/1.0\r\n\r\n' |
		socat -t 10 - UNIX-CONNECT:/run/vpnctl/metrics.sock | sed -n "s|^$1 ||p"
}

# agent_sees: it answers, and knows the device and its peer's traffic
agent_sees()
{
	local page="mytun_peer_receive_bytes_total{device=\"mt0\",public_key=\"${PUB[other]}\"}"

	same 1 "$(metric 'mytun_device_peers{device="mt0"}')"
	(($(metric "$page") > 0))
}

# sees_events: of the device that is there, and of one that takes its place
sees_events()
{
	systemctl restart $TUNNEL
	wait_for 30 ping_one host 10.9.0.2
	wait_for 20 saw_peer_up
}

saw_peer_up()
{
	(($(metric 'mytun_agent_events_total{event="peer-up"}') > 0))
}

# new_agent PID: is another than that one active, and ready?
new_agent()
{
	[[ $(of $AGENT MainPID) != "$1" && $(of $AGENT ActiveState) == active ]]
}

killed()
{
	local pid index

	pid=$(of $AGENT MainPID)
	index=$(ifindex)
	((pid > 1))
	systemctl kill --signal=KILL --kill-whom=main $AGENT
	wait_for 30 new_agent "$pid"
	same 1 "$(of $AGENT NRestarts)"
	# The tunnel did not need it
	same "$index" "$(ifindex)"
	ping_one host 10.9.0.2
	agent_sees
	sees_events
}

agent_reloads()
{
	local pid

	pid=$(of $AGENT MainPID)
	systemctl reload $AGENT
	is $AGENT active running
	same "$pid" "$(of $AGENT MainPID)"
	agent_sees
}

# One that hangs is ended and started again; one that does not is left alone. The unit's minute is
# too long to wait for.
hangs()
{
	local dir=/run/systemd/system/$AGENT.d pid

	[[ $(of $AGENT WatchdogUSec) == [1-9]* ]]
	mkdir -p "$dir"
	printf '[Service]\nWatchdogSec=3\n' >"$dir/test.conf"
	chmod 644 "$dir/test.conf"
	systemctl daemon-reload
	systemctl restart $AGENT
	pid=$(of $AGENT MainPID)
	sleep 8
	same "$pid" "$(of $AGENT MainPID)"
	kill -STOP "$pid"
	wait_for 30 new_agent "$pid"
	rm -r "$dir"
	systemctl daemon-reload
	systemctl restart $AGENT
	agent_sees
	nothing_failed
}

# well_to_the_end: and this is what the second boot must have again
well_to_the_end()
{
	nothing_failed
	vpnctl showconf mt0 >"$KEEP/showconf"
}

# ---- the second boot

# went_down: how the first boot ended
went_down()
{
	local journal unit

	for unit in $TUNNEL $AGENT; do
		journal=$(journalctl -b -1 -o cat -u "$unit" | grep -v Consumed)
		same "Stopped" "$(tail -n 1 <<<"$journal" | cut -d ' ' -f 1)"
		[[ $(tail -n 2 <<<"$journal") == *"Deactivated successfully"* ]]
	done
}

same_again()
{
	configured
	same "$(<"$KEEP/showconf")" "$(vpnctl showconf mt0)"
}

# upgraded: the tunnel stays, and the agent is the new one's. That the version is the same makes no
# difference to dpkg.
upgraded()
{
	local index pid

	index=$(ifindex)
	pid=$(of $AGENT MainPID)
	dpkg -i "$KEEP"/vpnctl_*.deb
	same "$index" "$(ifindex)"
	fails same "$pid" "$(of $AGENT MainPID)"
	both_active
	ping_one host 10.9.0.2
	agent_sees
	nothing_failed
}

purged()
{
	dpkg --purge vpnctl mytun-dkms
	link_gone host mt0
	fails pgrep -x vpnctl
	# Those that are not dead
	same "" "$(systemctl list-units --plain --no-legend 'vpnctl*')"
	# It fails when it has none to list
	same "" "$(systemctl list-unit-files --no-legend 'vpnctl*' || true)"
	nothing_failed
}

# Of what has our names only the administrator's file is left (and the test)
nothing_left()
{
	local found

	found=$(find / -xdev \( -name '*vpnctl*' -o -name '*mytun*' \) -not -path "$KEEP*" \
		-not -name mytun-test.service -not -name mytun-before.service | sort)
	same /etc/vpnctl "$found"
	same mt0.conf "$(ls /etc/vpnctl)"
	ip link del one
	net_state host | diff "$KEEP/state" -
	rmmod mytun
	fails modprobe -q mytun
}

# ---- what is left in the end

# follow the log from the boot on, so that what was created then is known
log_follow()
{
	stdbuf -oL dmesg --follow --color=never >"$TMP/log" &
	LOG_PID=$!
	log_mark begin
}

# objects_down: in place of objects_balance while the tunnel is to stay: it goes for a moment
objects_down()
{
	systemctl stop $TUNNEL
	wait_for 15 objects_left || { objects_left; return 1; }
	systemctl start $TUNNEL
}

first()
{
	plan 16
	host
	check "boot: it ends, and no unit has failed" boot_ended
	check "boot: tunnel and agent are active, and were enabled" booted
	check "systemd-analyze verify has nothing to say" verified
	check "boot: the device has what its file says" configured
	check "the module is the one of DKMS" by_dkms
	check "stop leaves no trace of what the boot made, and start makes it again" leaves_nothing
	other_end
	check "the tunnel works" tunnel_works
	check "the agent knows the device" agent_sees
	check "reload takes the file anew, and the device stays" reloads
	check "restart: the same configuration, and it works" restarts
	check "the agent is killed: systemd starts it, and it knows the device" killed
	check "the agent reloads" agent_reloads
	check "the agent hangs: systemd starts it again, and not before" hangs
	check "no unit has failed since" well_to_the_end
	# shellcheck disable=SC2317 # called by finish
	objects_balance() { objects_down; }
	finish
}

second()
{
	plan 11
	host
	check "second boot: it ends, and no unit has failed" boot_ended
	check "the first one took both down without a failure" went_down
	check "second boot: tunnel and agent are active" booted
	check "second boot: the configuration is the same" same_again
	other_end
	check "second boot: the tunnel works" tunnel_works
	check "second boot: the agent knows the device" agent_sees
	check "an upgrade: the tunnel stays, the agent is started again" upgraded
	check "purge: units and device are gone" purged
	check "purge: no file is left, nor anything of the tunnel" nothing_left
	finish
}

before()
{
	TMP=$(mktemp -d)
	host
	net_state host >"$KEEP/state"
	ns_delete
	rm -r "$TMP"
}

"$1"
