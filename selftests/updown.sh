#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vpnctl up and down: a full tunnel to a gateway, a kill switch that lets nothing out in
# clear, and no trace of any of it afterwards, also when a step fails.
#
#   +-------- c --------+        +-------- g --------+        +-------- i --------+
#   | out 10.0.0.2      |========| in  10.0.0.1      |        |                   |
#   |     fd00::2       |        |     fd00::1       |        |                   |
#   |                   |        | net 10.4.0.1      |========| net 10.4.0.2      |
#   |                   |        |     fd04::1       |        |     fd04::2       |
#   | mt0 10.9.0.2      |........| hub 10.9.0.1      |        +-------------------+
#   |     fd09::2       |        |     fd09::1       |
#   +-------------------+        +-------------------+
#
# The client's default route leads to g, and to the endpoint, 10.4.0.1, as well. "The Internet" i knows neither the client nor the
# tunnel: what it answers has come through the gateway's masquerade.
#
#   ROUNDS	how many times up and down, a full tunnel and another by turns
#		(4; 2 in a kernel that takes long, SLOW)

. "${0%/*}/lib.sh"

ROUNDS=${ROUNDS:-$((SLOW > 1 ? 2 : 4))}

[[ $KIND == mytun ]] || skip_all "up makes devices of kind mytun"
plan 20
need nft tcpdump

# ---- tools that fail when they are told to, and a resolvconf

# put_tool NAME: what is run in place of it. Calls that change something are numbered, and the
# one whose number stands in "fail" does nothing and fails.
put_tool()
{
	cat >"$TMP/failing/$1" <<-TOOL
		#!/bin/bash
		case "\$*" in
		*-batch* | "-f -" | "-a "* | *" -c "*)
			n=\$((\$(<"$TMP/count") + 1))
			echo \$n >"$TMP/count"
			[[ \$n != "\$(<"$TMP/fail")" ]] || { echo "injected failure" >&2; exit 3; } ;;
		esac
		exec ${2:-$(type -P "$1")} "\$@"
	TOOL
	chmod +x "$TMP/failing/$1"
}

put_tools()
{
	mkdir "$TMP/bin" "$TMP/failing" "$TMP/dns"
	echo 0 >"$TMP/count"
	echo 0 >"$TMP/fail"
	cat >"$TMP/bin/resolvconf" <<-TOOL
		#!/bin/bash
		case \$1 in
		-a) cat >"$TMP/dns/\$2" ;;
		-d) rm -f "$TMP/dns/\$2" ;;
		esac
	TOOL
	chmod +x "$TMP/bin/resolvconf"
	put_tool ip
	put_tool nft
	put_tool bash
	put_tool resolvconf "$TMP/bin/resolvconf"
}

# c_vpnctl ARGUMENTS...: vpnctl in c, with this resolvconf
c_vpnctl()
{
	PATH=$TMP/bin:$PATH on c vpnctl "$@"
}

# failing_vpnctl ARGUMENTS...: vpnctl in c, with tools that may fail
failing_vpnctl()
{
	PATH=$TMP/failing:$PATH on c vpnctl "$@"
}

# quiet_down NAME [SUFFIX]: at the end of a check that may have failed before its own
quiet_down()
{
	c_vpnctl down "$TMP/$1.${2:-conf}" >"$TMP/quiet" 2>&1 || true
}

# ---- files

# put_file FILE LINE...: a client's file; the lines come below [Interface]
put_file()
{
	{
		echo "[Interface]"
		echo "PrivateKey = ${PRIV[c]}"
		echo "Address = 10.9.0.2/24, fd09::2/64"
		printf '%s\n' "${@:2}"
		echo "[Peer]"
		echo "PublicKey = ${PUB[g]}"
		echo "Endpoint = 10.4.0.1:51820"
		echo "AllowedIPs = ${ALLOWED:-0.0.0.0/0, ::/0}"
	} >"$TMP/$1"
}

put_files()
{
	put_file mt0.conf "DNS = 10.9.0.1, vpn.example" "#! KillSwitch = yes" \
		"PreUp = echo PreUp %i >>$TMP/hooks" "PostUp = echo PostUp %i >>$TMP/hooks" \
		"PreDown = echo PreDown %i >>$TMP/hooks" "PostDown = echo PostDown %i >>$TMP/hooks"
	put_file plain.conf
	ALLOWED="10.9.0.0/24, fd09::/64, 10.4.0.0/24, fd04::/64" put_file split.conf
	{
		echo "[Interface]"
		echo "PrivateKey = ${PRIV[g]}"
		echo "Address = 10.9.0.1/24, fd09::1/64"
		echo "ListenPort = 51820"
		echo "#! Gateway = yes"
		echo "[Peer]"
		echo "PublicKey = ${PUB[c]}"
		echo "AllowedIPs = 10.9.0.2/32, fd09::2/128"
	} >"$TMP/hub.conf"
}

# ---- the network

setup()
{
	ns_add c g i
	keys c g x
	veth c out 10.0.0.2/24 fd00::2/64 g in 10.0.0.1/24 fd00::1/64
	veth g net 10.4.0.1/24 fd04::1/64 i net 10.4.0.2/24 fd04::2/64
	ipn c route add default via 10.0.0.1
	ipn c route add default via fd00::1
	# As strict as distributions are
	sysctl_set c net.ipv4.conf.all.rp_filter 1
	sysctl_set c net.ipv4.conf.out.rp_filter 1
	# Which the kernel would set when forwarding is switched off again
	sysctl_set g net.ipv4.conf.all.accept_redirects 0
	put_tools
	put_files
	wait_for 10 settled c 1
	wait_for 10 settled g 2
}

# settled NS N: so many addresses of links are there, and their carriers
settled()
{
	# "set -e" has no force in wait_for
	same "$2" "$(ipn "$1" -6 -o address show scope link | wc -l)" || return
	ipn "$1" address >"$TMP/settled" || return
	fails grep -E 'tentative|NO-CARRIER' "$TMP/settled"
}

# state NS: all that `down` must leave as it was
state()
{
	net_state "$1"
	tail -n +1 "$TMP/dns"/* 2>/dev/null || true
}

# unchanged NS: since the state was written down
unchanged()
{
	state "$1" >"$TMP/after"
	diff "$TMP/state.$1" "$TMP/after"
}

remember()
{
	state "$1" >"$TMP/state.$1"
}

# ---- checks

# A gateway is a hub with one line more. What forwards for all devices would make the one forget that it
# alone does.
gateway_up()
{
	local family

	for family in 4 6; do
		sysctl_set g "net.ipv$family.conf.in.forwarding" 1
		remember g
		fails vpn g up "$TMP/hub.conf" 2>"$TMP/said"
		cat "$TMP/said"
		grep -q "^hub: in forwards already" "$TMP/said"
		unchanged g
		sysctl_set g "net.ipv$family.conf.in.forwarding" 0
	done
	remember g
	vpn g up "$TMP/hub.conf"
	same 1 "$(on g cat /proc/sys/net/ipv4/ip_forward)"
	same 1 "$(on g cat /proc/sys/net/ipv6/conf/all/forwarding)"
}

gateway_down()
{
	vpn g down "$TMP/hub.conf"
	unchanged g
}

# up_down NAME: once
up_down()
{
	c_vpnctl up "$TMP/$1.conf"
	ipn c link show "$1" >/dev/null
	c_vpnctl down "$TMP/$1.conf"
	unchanged c
}

many_times()
{
	local i

	remember c
	defer quiet_down mt0
	defer quiet_down split
	for ((i = 0; i < ROUNDS; i += 2)); do
		up_down mt0
		up_down split
	done
}

# What the dry run prints is what the tools are told
dry_run()
{
	remember c
	defer quiet_down mt0
	c_vpnctl up --dry-run "$TMP/mt0.conf" >"$TMP/dry"
	unchanged c
	fails grep -qF "${PRIV[c]}" "$TMP/dry"
	grep -qx "link set dev mt0 mtu 1420 up" "$TMP/dry"
	c_vpnctl up "$TMP/mt0.conf"
	state c | without_index >"$TMP/up"
	c_vpnctl down "$TMP/mt0.conf"
	sed -i "s,(hidden),${PRIV[c]}," "$TMP/dry"
	PATH=$TMP/bin:$PATH on c bash -e "$TMP/dry"
	state c | without_index >"$TMP/by-hand"
	diff "$TMP/up" "$TMP/by-hand"
	c_vpnctl down "$TMP/mt0.conf"
	unchanged c
}

# without_index: what may differ are the numbers of devices, and counters
without_index()
{
	sed -E 's/^[0-9]+: mt0/mt0/; s/packets [0-9]+ bytes [0-9]+//; /fe80::/d'
}

hooks_in_order()
{
	defer quiet_down mt0
	rm -f "$TMP/hooks"
	c_vpnctl up "$TMP/mt0.conf"
	same "PreUp mt0"$'\n'"PostUp mt0" "$(<"$TMP/hooks")"
	same $'nameserver 10.9.0.1\nsearch vpn.example' "$(<"$TMP/dns"/*)"
	c_vpnctl down "$TMP/mt0.conf"
	same $'PreUp mt0\nPostUp mt0\nPreDown mt0\nPostDown mt0' "$(<"$TMP/hooks")"
}

# page ADDRESS: fetch one
page()
{
	same "a page" "$(on c socat -t 5 -u "TCP:$1:80,connect-timeout=3" -)"
}

pages()
{
	defer quiet_down mt0
	c_vpnctl up "$TMP/mt0.conf"
	spawn i socat TCP6-LISTEN:80,ipv6only=0,reuseaddr,fork SYSTEM:'echo a page'
	wait_for 10 page 10.4.0.2
	page "[fd04::2]"
}

# sniff: what comes to g in clear, from now on
sniff()
{
	: >"$TMP/sniffer"
	rm -f "$TMP/pcap"
	# shellcheck disable=SC2016 # for sh
	spawn g sh -c 'exec tcpdump -Z root -i in -n -U --immediate-mode -Q in -w "$1" 2>"$0" \
		"(ip or ip6) and not (udp port 51820) and not (icmp6 and ip6[40] >= 130 and ip6[40] <= 143)"' \
		"$TMP/sniffer" "$TMP/pcap"
	SNIFFER=$!
	wait_for 10 grep -q "listening on" "$TMP/sniffer"
}

# sniffed: how many packets
sniffed()
{
	kill -INT "$SNIFFER"
	wait "$SNIFFER" 2>/dev/null || true
	tcpdump -n -r "$TMP/pcap" 2>/dev/null | tee "$TMP/sniffed" | wc -l
}

# try_all: everything that could leak
try_all()
{
	local address

	for address in 10.4.0.2 10.0.0.1 fd04::2 fd00::1; do
		ping_fails c "$address"
	done
	fails on c socat -u -T 1 OPEN:/dev/null TCP:10.4.0.2:80,connect-timeout=1
	fails on c socat -u -T 1 OPEN:/dev/null "TCP:[fd04::2]:80,connect-timeout=1"
	on c bash -c 'echo x >/dev/udp/10.4.0.2/53' 2>/dev/null || true
	on c bash -c 'echo x >/dev/udp/fd04::2/53' 2>/dev/null || true
	ping_fails c 10.4.0.2 -I out
	ping_fails c fd04::2 -I out
}

kill_switch()
{
	defer quiet_down mt0
	c_vpnctl up "$TMP/mt0.conf"
	sniff
	ping_one c 10.4.0.2
	ping_one c fd04::2
	# What is local goes on
	ping_one c 10.0.0.2
	ping_one c 127.0.0.1
	# The other end is gone, then ours is down, then it is gone as well
	defer ipn g link set hub up
	ipn g link set hub down
	ping_fails c 10.4.0.2
	ping_fails c fd04::2
	ipn c link set mt0 down
	try_all
	ipn c link delete mt0
	try_all
	same 0 "$(sniffed)"
}

# The same without it: else the check before would prove nothing
no_kill_switch()
{
	local n

	defer quiet_down plain
	c_vpnctl up "$TMP/plain.conf"
	sniff
	ping_one c 10.4.0.2
	ipn c link delete plain
	ping_fails c 10.4.0.2
	ping_fails c fd04::2
	n=$(sniffed)
	cat "$TMP/sniffed"
	((n >= 2))
}

# failed_well: the step is named, and the tool's own words are there, but for a command of the
# user; nothing is left
failed_well()
{
	cat "$TMP/said"
	grep -qE '^mt0: [A-Za-z ]+: (injected failure|exit status 3)' "$TMP/said"
	grep -q "^mt0: what was done is undone" "$TMP/said"
	unchanged c
}

each_step_fails()
{
	local n

	remember c
	defer quiet_down mt0
	for n in {1..30}; do
		echo 0 >"$TMP/count"
		echo "$n" >"$TMP/fail"
		if failing_vpnctl up "$TMP/mt0.conf" 2>"$TMP/said"; then
			break
		fi
		failed_well
	done
	echo 0 >"$TMP/fail"
	c_vpnctl down "$TMP/mt0.conf"
	unchanged c
	echo "# $((n - 1)) steps failed"
	# PreUp, create, firewall, addresses, name servers, routes, four rules, PostUp
	same 11 $((n - 1))
}

# What is not done by a tool: the device is not one of ours, and a sysctl cannot be written
other_steps_fail()
{
	remember c
	defer quiet_down mt0
	cat >"$TMP/bin/ip" <<-TOOL
		#!/bin/bash
		[[ "\$*" != "-batch -" ]] || { sed 's/type mytun/type veth/' | exec $(type -P ip) "\$@"; exit; }
		exec $(type -P ip) "\$@"
	TOOL
	chmod +x "$TMP/bin/ip"
	fails c_vpnctl up "$TMP/mt0.conf" 2>"$TMP/said"
	rm "$TMP/bin/ip"
	grep -q "^mt0: configure the device: " "$TMP/said"
	unchanged c
	# shellcheck disable=SC2016 # for sh
	PATH=$TMP/bin:$PATH fails on c unshare -m sh -c \
		'mount -o bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys &&
		vpnctl up "$0"' "$TMP/mt0.conf" 2>"$TMP/said"
	cat "$TMP/said"
	grep -q "^mt0: sysctl: /proc/sys/net/ipv4/conf/all/src_valid_mark: Read-only" "$TMP/said"
	unchanged c
}

# Two at once: what the first has changed is changed back by the last
two_tunnels()
{
	local mark=/proc/sys/net/ipv4/conf/all/src_valid_mark

	remember c
	defer quiet_down mt0
	defer quiet_down second
	c_vpnctl up "$TMP/mt0.conf"
	ALLOWED="0.0.0.0/0" put_file second.conf
	c_vpnctl up "$TMP/second.conf"
	c_vpnctl down "$TMP/mt0.conf"
	same 1 "$(on c cat "$mark")"
	same 1 "$(ipn c -4 rule | grep -c "lookup 51821")"
	ping_one c 10.4.0.2
	c_vpnctl down "$TMP/second.conf"
	same 0 "$(on c cat "$mark")"
	unchanged c
}

# A device that someone else removes leaves the rest, until `down`
# The commands of one tunnel bring another up, before it or after it, and take it down
nested_tunnels()
{
	local when

	remember c
	ALLOWED="0.0.0.0/0" put_file second.conf
	defer quiet_down second
	defer quiet_down outer
	for when in PreUp PostUp; do
		ALLOWED="0.0.0.0/0" put_file outer.conf "$when = vpnctl up $TMP/second.conf" \
			"PreDown = vpnctl down $TMP/second.conf"
		c_vpnctl up "$TMP/outer.conf"
		same 1 "$(ipn c -4 rule | grep -c "lookup 51820")"
		same 1 "$(ipn c -4 rule | grep -c "lookup 51821")"
		c_vpnctl down "$TMP/outer.conf"
		unchanged c
	done
	# It fails when the other is there, and leaves to it what that needs
	ALLOWED="0.0.0.0/0" put_file outer.conf "PostUp = vpnctl up $TMP/second.conf" "PostUp = false"
	fails c_vpnctl up "$TMP/outer.conf" 2>"$TMP/said"
	same 1 "$(on c cat /proc/sys/net/ipv4/conf/all/src_valid_mark)"
	c_vpnctl down "$TMP/second.conf"
	unchanged c
}

device_gone()
{
	remember c
	defer quiet_down mt0
	c_vpnctl up "$TMP/mt0.conf"
	fails c_vpnctl up "$TMP/mt0.conf" 2>"$TMP/said"
	grep -q "^mt0: there is a device of this name already" "$TMP/said"
	ipn c link delete mt0
	fails c_vpnctl up "$TMP/mt0.conf" 2>"$TMP/said"
	grep -q "^mt0: the firewall of an earlier tunnel is still there" "$TMP/said"
	c_vpnctl down "$TMP/mt0.conf"
	unchanged c
	fails c_vpnctl down "$TMP/mt0.conf" 2>"$TMP/said"
	grep -q "^mt0: is not up" "$TMP/said"
}

save_config()
{
	put_file saved.conf "SaveConfig = true" "Table = off" "PostUp = echo %i"
	defer quiet_down saved
	c_vpnctl up "$TMP/saved.conf"
	vpn c set saved listen-port 5 peer "${PUB[x]}" allowed-ips 10.77.0.0/16
	ipn c address add 10.76.0.1/24 dev saved
	c_vpnctl down "$TMP/saved.conf"
	cat "$TMP/saved.conf"
	grep -qx "ListenPort = 5" "$TMP/saved.conf"
	grep -qx "PublicKey = ${PUB[x]}" "$TMP/saved.conf"
	grep -qx "PrivateKey = ${PRIV[c]}" "$TMP/saved.conf"
	grep -qx "Address = 10.76.0.1/24" "$TMP/saved.conf"
	grep -qx "PostUp = echo %i" "$TMP/saved.conf"
	same 600 "$(stat -c %a "$TMP/saved.conf")"
	c_vpnctl up "$TMP/saved.conf"
	same 2 "$(vpn c show saved peers | wc -l)"
	c_vpnctl down "$TMP/saved.conf"
}

# A key from elsewhere is not saved in place of the file's; save leaves the tunnel up
save_other_key()
{
	put_file other.conf "SaveConfig = true" "Table = off"
	echo "${PRIV[x]}" >"$TMP/other.key"
	defer quiet_down other
	c_vpnctl up --private-key "$TMP/other.key" "$TMP/other.conf"
	same "${PUB[x]}" "$(vpn c show other public-key)"
	vpn c set other listen-port 6
	c_vpnctl save "$TMP/other.conf"
	grep -qx "ListenPort = 6" "$TMP/other.conf"
	grep -qx "PrivateKey = ${PRIV[c]}" "$TMP/other.conf"
	c_vpnctl down "$TMP/other.conf"
	fails grep -F "${PRIV[x]}" "$TMP/other.conf"
}

# The session and the mark of a full tunnel stay, a peer comes and goes, a wrong file changes nothing
reload()
{
	local before

	remember c
	defer quiet_down plain
	c_vpnctl up "$TMP/plain.conf"
	ping_one c 10.4.0.2
	before=$(vpn c show plain latest-handshakes; vpn c show plain fwmark)
	printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.77.0.0/16\n' "${PUB[x]}" |
		cat "$TMP/plain.conf" - >"$TMP/more" && cp "$TMP/plain.conf" "$TMP/less"
	cp "$TMP/more" "$TMP/plain.conf"
	c_vpnctl reload "$TMP/plain.conf"
	same 2 "$(vpn c show plain peers | wc -l)"
	echo "Nonsense = 1" >>"$TMP/plain.conf"
	fails c_vpnctl reload "$TMP/plain.conf"
	same 2 "$(vpn c show plain peers | wc -l)"
	cp "$TMP/less" "$TMP/plain.conf"
	c_vpnctl reload "$TMP/plain.conf"
	same "$before" "$(vpn c show plain latest-handshakes; vpn c show plain fwmark)"
	ping_one c 10.4.0.2
	c_vpnctl down "$TMP/plain.conf"
	unchanged c
}

# put_json FILE KEY: a client whose server has this key
put_json()
{
	cat >"$TMP/$1" <<-END
		{
		  "mode": "client",
		  "local_addr": "0.0.0.0:9000",
		  "remote_addr": "10.4.0.1:51820",
		  "tunnel_addr": "10.9.0.2/24",
		  "mtu": 1400,
		  "fec_data": 10,
		  "fec_parity": 0,
		  "timeout": ${TIMEOUT:-30},
		  "keepalive": 0,
		  "private_key": "${PRIV[c]}",
		  "peers": [ { "public_key": "$2", "allowed_ips": "10.9.0.0/24" } ]
		}
	END
	chmod 600 "$TMP/$1"
}

# up ends when the tunnel works, though nothing has been sent through it; the keepalive stays off
json()
{
	remember c
	put_json seed.json "${PUB[g]}"
	defer quiet_down seed json
	c_vpnctl up "$TMP/seed.json"
	vpn c show seed latest-handshakes >"$TMP/handshakes"
	fails grep -P "\t0$" "$TMP/handshakes"
	grep -qP "\toff$" <<<"$(vpn c show seed persistent-keepalive)"
	same 9000 "$(vpn c show seed listen-port)"
	c_vpnctl down "$TMP/seed.json"
	unchanged c
}

json_no_answer()
{
	remember c
	TIMEOUT=2 put_json seed.json "${PUB[x]}"
	fails c_vpnctl up "$TMP/seed.json" 2>"$TMP/said"
	grep -qx "seed: wait for handshakes: no answer from ${PUB[x]} within 2 s" "$TMP/said"
	grep -qx "seed: what was done is undone" "$TMP/said"
	unchanged c
	sed -i 's/"fec_parity": 0/"fec_parity": 3/' "$TMP/seed.json"
	fails c_vpnctl up "$TMP/seed.json" 2>"$TMP/said"
	grep -q "seed.json: fec_parity: Forward error correction is not built yet" "$TMP/said"
	unchanged c
}

setup
echo "# $ROUNDS rounds"
check "a gateway comes up" gateway_up
check "up and down leave no trace" many_times
check "the dry run, done by hand, is the same tunnel" dry_run
check "commands of the user, and name servers" hooks_in_order
check "a page of the Internet through the gateway, v4 and v6" pages
check "with the kill switch nothing leaves in clear" kill_switch
check "without it something does" no_kill_switch
check "a step that fails takes all back" each_step_fails
check "what is no tool's failure, too" other_steps_fail
check "two tunnels, and the settings that they share" two_tunnels
check "a tunnel whose commands bring up another" nested_tunnels
check "a device that is gone" device_gone
check "what is changed is saved" save_config
check "a key from elsewhere is not saved" save_other_key
check "reload changes peers and nothing else" reload
check "JSON: up waits until the tunnel works" json
check "JSON: up takes all back when it does not" json_no_answer
check "a gateway goes" gateway_down
finish
