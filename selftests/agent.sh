#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vpnctl agent beside real devices: a name that moves, peers that roam, hooks, events that
# are lost, metrics, and that packets pass without it.
#
#   +----------- a -----------+          +----------- b -----------+
#   | one  10.0.0.1           |==========| one  10.0.0.2           |
#   | mt0  10.9.0.1           |..........| mt0  10.9.0.2           |
#   |      and the agent      |          +-------------------------+
#   +-------------------------+
#
# The names b.test and c.test are in a hosts file that only the agent sees. There is no c: its
# endpoint shows that the agent has read the file.

. "${0%/*}/lib.sh"

[[ $KIND == mytun ]] || skip_all "the agent is for kind mytun"
plan 10
need socat unshare

AGENT=

# hosts B C: addresses of b.test and c.test, written in place
hosts()
{
	printf '127.0.0.1 localhost\n%s b.test\n%s c.test\n' "$1" "$2" >"$TMP/hosts"
}

put_files()
{
	{
		echo "[Interface]"
		echo "Address = 10.9.0.1/24"
		printf '[Peer]\nPublicKey = %s\nEndpoint = b.test:2\n' "${PUB[b]}"
		printf '[Peer]\nPublicKey = %s\nEndpoint = c.test:3\n' "${PUB[c]}"
	} >"$TMP/mt0.conf"
	mkdir "$TMP/hooks"
	cat >"$TMP/hooks/note" <<-HOOK
		#!/bin/sh
		echo "\$MYTUN_EVENT \$MYTUN_DEVICE \$MYTUN_PEER \$MYTUN_ENDPOINT \$MYTUN_REASON" >>"$TMP/events"
	HOOK
	chmod 755 "$TMP/hooks/note"
	: >"$TMP/events"
}

put_devices()
{
	device a mt0 a 1 10.9.0.1/24
	device b mt0 b 2 10.9.0.2/24
	peer a mt0 b allowed-ips 10.9.0.2/32 endpoint 10.0.0.9:2
	peer a mt0 c allowed-ips 10.9.0.3/32 endpoint 10.0.0.9:3
	peer b mt0 a allowed-ips 10.9.0.1/32
}

setup()
{
	ns_add a b
	keys a b c
	veth a one 10.0.0.1/24 - b one 10.0.0.2/24 -
	hosts 10.0.0.9 10.0.0.9
	put_files
	put_devices
}

# agent_start: the agent in a, with a hosts file and a systemd of its own
agent_start()
{
	rm -f "$TMP/notify" "$TMP/said"
	: >"$TMP/said"
	socat -u "UNIX-RECV:$TMP/notify" "OPEN:$TMP/said,append" &
	wait_for 20 test -S "$TMP/notify"
	# shellcheck disable=SC2016 # expanded by that shell
	spawn a env "NOTIFY_SOCKET=$TMP/notify" unshare -m bash -c \
		'mount --bind "$1/hosts" /etc/hosts && exec vpnctl agent --interval 1 \
		--hooks "$1/hooks" --listen "unix:$1/metrics.sock" --listen 127.0.0.1:9586 \
		"$1/mt0.conf" 2>"$1/agent.log"' bash "$TMP"
	AGENT=$!
	wait_for 30 grep -qx READY=1 "$TMP/said" || { cat "$TMP/agent.log"; return 1; }
}

# agent_stop: it must end without an error, and takes its socket away
agent_stop()
{
	kill "$AGENT"
	wait "$AGENT"
	fails test -e "$TMP/metrics.sock"
}

agent_says()
{
	grep -q "$1" "$TMP/agent.log" || { cat "$TMP/agent.log"; return 1; }
}

# scrape ADDRESS: the page that the agent serves there
scrape()
{
	printf 'GET /metrics HTTP/1.0\r\n\r\n' | on a socat -t 10 - "$1"
}

# metric SAMPLE: its value
metric()
{
	scrape "UNIX-CONNECT:$TMP/metrics.sock" | sed -n "s|^$1 ||p"
}

# peer_metric NAME: of b
peer_metric()
{
	metric "$1{device=\"mt0\",public_key=\"${PUB[b]}\"}"
}

# ---- checks

resolved_often()
{
	(($(metric 'mytun_agent_resolutions_total{result="done"}') >= 4))
}

stays_at_name()
{
	wait_for 15 resolved_often
	endpoint_is a mt0 b 10.0.0.9:2
	endpoint_is a mt0 c 10.0.0.9:3
	same 0 "$(metric mytun_agent_endpoints_set_total)"
}

name_moves()
{
	hosts 10.0.0.2 10.0.0.9
	wait_for 15 endpoint_is a mt0 b 10.0.0.2:2
	agent_says "mt0: peer ${PUB[b]}: b.test is now 10.0.0.2:2"
	wait_for 15 ping_one a 10.9.0.2
	endpoint_is a mt0 c 10.0.0.9:3
}

# come_back: b is at its port again, and a knows
come_back()
{
	vpn b set mt0 listen-port 2
	ping_one b 10.9.0.1
}

# c.test moves twice: after the first time, b.test was looked at at least once
alive_stays()
{
	hosts 10.0.0.8 10.0.0.7
	wait_for 15 endpoint_is a mt0 c 10.0.0.7:3
	hosts 10.0.0.8 10.0.0.6
	wait_for 15 endpoint_is a mt0 c 10.0.0.6:3
	endpoint_is a mt0 b 10.0.0.2:2
	ping_one a 10.9.0.2
	# nor is one that has roamed brought back to its name
	defer come_back
	vpn b set mt0 listen-port 22
	ping_one b 10.9.0.1
	endpoint_is a mt0 b 10.0.0.2:22
	hosts 10.0.0.2 10.0.0.7
	wait_for 15 endpoint_is a mt0 c 10.0.0.7:3
	endpoint_is a mt0 b 10.0.0.2:22
}

# heard LINE: the hook was told
heard()
{
	grep -qxF "$1" "$TMP/events" || { cat "$TMP/events"; return 1; }
}

hooks_hear()
{
	wait_for 10 heard "peer-up mt0 ${PUB[b]} 10.0.0.2:2 "
	wait_for 10 heard "endpoint mt0 ${PUB[b]} 10.0.0.2:22 "
	ipn a link set mt0 down
	wait_for 10 heard "peer-dead mt0 ${PUB[b]} 10.0.0.2:2 down"
	ipn a link set mt0 up
	ping_one a 10.9.0.2
}

metrics_are_true()
{
	local page port

	page=$(scrape "UNIX-CONNECT:$TMP/metrics.sock")
	[[ $page == $'HTTP/1.0 200 OK\r'* && $page == *$'\n# EOF' ]]
	same "$(received a mt0 b)" "$(peer_metric mytun_peer_receive_bytes_total)"
	same "$(sent a mt0 b)" "$(peer_metric mytun_peer_transmit_bytes_total)"
	same 2 "$(metric 'mytun_device_peers{device="mt0"}')"
	fails grep -qF "${PRIV[a]}" <<<"$page"
	port=$(scrape TCP:127.0.0.1:9586)
	[[ $port == *"mytun_peer_endpoint_info{device=\"mt0\",public_key=\"${PUB[b]}\",endpoint="* ]]
	page=$(vpn a metrics mt0)
	[[ $page == *"reason=\"rx-replay\"} 0"*$'\n# EOF' ]]
}

top_shows()
{
	local out

	out=$(vpn a top -n 2 -d 0.2)
	grep -Eq "^mt0 +1/2 .* [0-9]+ +[0-9.]+ [a-z-]+$" <<<"$out"
	grep -q "^mt0 *${PUB[b]:0:8}~ 10.0.0.2:2 " <<<"$out"
	grep -q "^mt0 *${PUB[c]:0:8}~ 10.0.0.7:3 .* never$" <<<"$out"
}

set_rmem()
{
	echo "$1" >/proc/sys/net/core/rmem_default
}

# The socket has room for few events; none of them is read while the agent is stopped
events_lost()
{
	local i default

	read -r default </proc/sys/net/core/rmem_default
	defer set_rmem "$default"
	set_rmem 8192
	agent_start
	set_rmem "$default"
	kill -STOP "$AGENT"
	defer kill -CONT "$AGENT"
	for i in {1..15}; do
		vpn b set mt0 listen-port "$((100 + i))"
		ping_one b 10.9.0.1
	done
	vpn b set mt0 listen-port 2
	kill -CONT "$AGENT"
	wait_for 10 agent_says "Events were lost"
	wait_for 10 heard "lost    "
	same 1 "$(metric mytun_agent_resyncs_total)"
	: >"$TMP/events"
	ping_one b 10.9.0.1
	wait_for 10 heard "endpoint mt0 ${PUB[b]} 10.0.0.2:2 "
	agent_stop
}

# The module goes and comes while the agent runs; then the agent is killed
module_goes()
{
	agent_start
	ipn a link delete mt0
	ipn b link delete mt0
	modprobe -r "$KIND" || rmmod "$KIND"
	same 0 "$(metric mytun_agent_endpoints_set_total)"
	module_load
	log_objects || true
	: >"$TMP/events"
	hosts 10.0.0.2 10.0.0.7
	put_devices
	wait_for 15 endpoint_is a mt0 b 10.0.0.2:2
	ping_one a 10.9.0.2
	wait_for 10 heard "peer-up mt0 ${PUB[b]} 10.0.0.2:2 "
	kill -KILL "$AGENT"
	ping_one a 10.9.0.2
	# what a killed one leaves behind is no obstacle
	test -S "$TMP/metrics.sock"
	agent_start
	same 2 "$(metric 'mytun_device_peers{device="mt0"}')"
	agent_stop
}

setup
agent_start
check "a peer stays where it is, if that is what its name stands for" stays_at_name
check "a name that moves: the endpoint is set again" name_moves
check "a peer that is alive stays, though its name moves, or it roams" alive_stays
check "hooks hear of events" hooks_hear
check "metrics at a Unix socket and at a port" metrics_are_true
check "top" top_shows
agent_stop
check "events that were lost: every peer is looked at" events_lost
check "the agent outlives the module, and tunnels outlive the agent" module_goes
finish
