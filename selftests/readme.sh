#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The README's way from nothing to a tunnel: its own commands, cut out of the page, each host
# of a case in a namespace with an /etc/vpnctl of its own. What the page says is there is there
# afterwards.
#
#   a host ---- net ---- one that others reach, 203.0.113.1 ---- lan ---- 192.168.1.10
#                                                                         198.51.100.1
#
# In the page, <!-- CASE: HOST --> stands before a block of commands.

. "${0%/*}/lib.sh"

PAGE=${PAGE:-${0%/*}/README.md}

[[ $KIND == mytun ]] || skip_all "up makes devices of kind mytun"
[[ -r $PAGE ]] || skip_all "the README is not here"
plan 7
need nft install

# block CASE HOST: the commands of the page
block()
{
	awk -v marker="<!-- $1: $2 -->" '
		$0 == marker { found = 1; next }
		found && /^```/ { if (inside) exit; inside = 1; next }
		found && inside' "$PAGE"
}

# hosts CASE: that have commands in the page, in its order
hosts()
{
	sed -n "s/^<!-- $1: \(.*\) -->$/\1/p" "$PAGE"
}

# at HOST COMMAND...: in its namespace, its folder and its /etc/vpnctl
at()
{
	mkdir -p "$TMP/hosts/$1"/{home,etc} /etc/vpnctl
	# shellcheck disable=SC2016 # for the inner shell
	PATH=$TMP/bin:$PATH on "$1" unshare -m bash -c '
		mount --bind "$0/etc" /etc/vpnctl && cd "$0/home" && "$@"' "$TMP/hosts/$1" "${@:2}"
}

# follow CASE HOST: what the page says
follow()
{
	block "$1" "$2" >"$TMP/block"
	[[ -s $TMP/block ]]
	at "$2" bash -e "$TMP/block"
}

# There is no ssh here: "scp FILE HOST:" takes the file to the host's folder
put_scp()
{
	mkdir -p "$TMP/bin"
	cat >"$TMP/bin/scp" <<-TOOL
		#!/bin/bash
		[[ \$# == 2 && \$2 == *: ]] || exit 1
		mkdir -p "$TMP/hosts/\${2%:}/home"
		cp "\$1" "$TMP/hosts/\${2%:}/home/"
	TOOL
	chmod +x "$TMP/bin/scp"
}

# world REACHED OTHER...: the first one has the public address, and a host behind it that knows
# nothing of tunnels
world()
{
	local i=1 name

	rm -rf "$TMP/hosts"
	ns_add "$@" far net
	ipn net link add bridge type bridge
	ipn net link set bridge up
	for name; do
		veth "$name" out "203.0.113.$i/24" - net "to$i" - -
		ipn net link set "to$i" master bridge
		i=$((i + 1))
	done
	veth "$1" lan 192.168.1.1/24 - far lan 192.168.1.10/24 -
	addresses far lo 198.51.100.1/32
	ipn "$1" route add 198.51.100.1 via 192.168.1.10
}

# gone REACHED OTHER...: and all that was in it, tunnels before namespaces
gone()
{
	local name

	for name; do
		[[ ! -e $TMP/hosts/$name/etc/mt0.conf ]] || at "$name" vpnctl down mt0
	done
	for name in "$@" far net; do
		ns_del "$name"
	done
}

two_hosts()
{
	world server laptop
	follow two server
	follow two laptop
	gone server laptop
}

home()
{
	world router laptop
	follow home router
	follow home laptop
	gone router laptop
}

# The code is on the screen; userspace/tests reads it back. Here the file goes to wg-quick.
phone()
{
	have wg-quick || skip "missing: wg-quick"
	modprobe wireguard || skip "missing: wireguard.ko"
	world server tablet
	follow phone server >"$TMP/code"
	grep -q "█\|▀\|▄" "$TMP/code"
	at server bash -c 'vpnctl addclient tablet >tablet.conf && scp tablet.conf tablet:'
	ping_fails tablet 198.51.100.1
	at tablet bash -c 'wg-quick up ./tablet.conf'
	wait_for 10 ping_one tablet 198.51.100.1
	at tablet bash -c 'wg-quick down ./tablet.conf'
	gone server tablet
}

hub()
{
	world hub alice bob
	follow hub hub
	at bob bash -c 'install -m 600 bob.conf /etc/vpnctl/mt0.conf && vpnctl up mt0'
	# It is reached when it has said something
	wait_for 10 ping_one bob 10.9.0.1
	follow hub alice
	gone hub alice bob
}

# Whatever stands in the page as commands of a case has been run
nothing_left_out()
{
	same "two home phone hub" \
		"$(sed -n 's/^<!-- \([a-z]*\): .* -->$/\1/p' "$PAGE" | uniq | paste -sd ' ')"
	same "server laptop" "$(hosts two | paste -sd ' ')"
	same "router laptop" "$(hosts home | paste -sd ' ')"
	same "server" "$(hosts phone | paste -sd ' ')"
	same "hub alice" "$(hosts hub | paste -sd ' ')"
}

put_scp
check "README: two hosts" two_hosts
check "README: from the road into the network at home" home
check "README: a phone through a server, and a tablet by wg-quick" phone
check "README: a hub with many" hub
check "README: no commands are left out" nothing_left_out
finish
