#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vpnctl addclient on a hub that is up: what it prints brings a client up elsewhere, and what
# fails changes neither the device nor the file.
#
#   +-------- h --------+          +-------- c --------+
#   | out 10.0.0.1      |==========| out 10.0.0.2      |
#   | hub 10.9.0.1      |..........| mt0 10.9.0.2      |
#   |     fd09::1       |          |     fd09::2       |
#   +-------------------+          +-------------------+

. "${0%/*}/lib.sh"

[[ $KIND == mytun ]] || skip_all "addclient is for devices of kind mytun"
plan 7
need nft

setup()
{
	ns_add h c
	keys hub
	veth h out 10.0.0.1/24 - c out 10.0.0.2/24 -
	cat >"$TMP/hub.conf" <<-CONF
		[Interface]
		PrivateKey = ${PRIV[hub]}
		Address = 10.9.0.1/24, fd09::1/64
		ListenPort = 51820
		SaveConfig = true
	CONF
	vpn h up "$TMP/hub.conf"
}

# add NAME OPTION...: its file is $TMP/NAME.conf
add()
{
	vpn h addclient --hub "$TMP/hub.conf" --endpoint 10.0.0.1 "${@:2}" "$1" >"$TMP/new" &&
		mv "$TMP/new" "$TMP/$1.conf"
}

# state: of the hub's device and of its file
state()
{
	vpn h showconf hub
	cat "$TMP/hub.conf"
	find "$TMP" -name 'hub.conf*'
}

# changes_nothing COMMAND...: it fails
changes_nothing()
{
	state >"$TMP/before"
	fails "$@"
	state >"$TMP/after"
	diff "$TMP/before" "$TMP/after"
}

# c_up NAME: in c, by this file
c_up()
{
	cp "$TMP/$1.conf" "$TMP/mt0.conf"
	vpn c up "$TMP/mt0.conf"
}

first()
{
	add phone --psk
	same 1 "$(vpn h show hub peers | wc -l)"
	defer vpn c down "$TMP/mt0.conf"
	c_up phone
	ping_one c 10.9.0.1
	ping_one c fd09::1
	ping_one h 10.9.0.2
	ping_one h fd09::2
}

# A peer that only the device knows has its address, too
second()
{
	keys x
	peer h hub x allowed-ips 10.9.0.3/32
	add laptop --keepalive 25
	grep -qx "Address = 10.9.0.4/32, fd09::3/128" "$TMP/laptop.conf"
	same 3 "$(vpn h show hub peers | wc -l)"
	peer h hub x remove
}

refused()
{
	changes_nothing add laptop
	changes_nothing add tablet --dns 1.1.1.300
	# shellcheck disable=SC2016 # for bash
	changes_nothing on h bash -c 'vpnctl addclient --hub "$0" --endpoint 10.0.0.1 tablet >/dev/full' \
		"$TMP/hub.conf"
	# A device of another kind under the hub's name
	cp "$TMP/hub.conf" "$TMP/out.conf"
	fails vpn h addclient --hub "$TMP/out.conf" --endpoint 10.0.0.1 tablet
	cmp "$TMP/out.conf" "$TMP/hub.conf"
}

# The file cannot be replaced: the peer that the device has by then goes again
not_replaced()
{
	mkdir "$TMP/folder"
	cp "$TMP/hub.conf" "$TMP/folder/hub.conf"
	mount --bind "$TMP/folder/hub.conf" "$TMP/folder/hub.conf"
	defer umount "$TMP/folder/hub.conf"
	vpn h show hub peers >"$TMP/before"
	fails vpn h addclient --hub "$TMP/folder/hub.conf" --endpoint 10.0.0.1 tablet
	same "$(<"$TMP/before")" "$(vpn h show hub peers)"
	cmp "$TMP/folder/hub.conf" "$TMP/hub.conf"
	same "hub.conf" "$(ls "$TMP/folder")"
}

# SaveConfig writes the file anew, and the names stay
names_stay()
{
	vpn h down "$TMP/hub.conf"
	same $'#! Name = laptop\n#! Name = phone' "$(grep Name "$TMP/hub.conf" | sort)"
	same 2 "$(grep -c '^PublicKey' "$TMP/hub.conf")"
	vpn h up "$TMP/hub.conf"
	fails add phone
	defer vpn c down "$TMP/mt0.conf"
	c_up laptop
	ping_one c 10.9.0.1
	vpn h down "$TMP/hub.conf"
}

setup
check "a client comes up from what addclient prints" first
check "the next one gets the next address" second
check "what is refused changes neither device nor file" refused
check "nor does a file that cannot be replaced" not_replaced
check "SaveConfig keeps the clients' names" names_stay
finish
