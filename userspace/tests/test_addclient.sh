#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vpnctl addclient for a hub whose device is not there: the two files, refusals that leave
# everything as it was, QR codes that are read again.
# usage: test_addclient.sh path/to/vpnctl
. "${0%/*}/lib.sh"
umask 077

# refuse NAME PATTERN ARGUMENTS...: addclient fails with these words, and nothing has changed
refuse() {
	local name=$1 pattern=$2
	shift 2
	cp mtt0.conf before
	"$tool" addclient --hub ./mtt0.conf "$@" >out 2>err
	[ $? = 1 ] && grep -qF -- "$pattern" err && [ ! -s out ] && cmp -s before mtt0.conf &&
		[ "$(find . -name 'mtt0.conf.*')" = "" ]
	ok $? "$name: $(head -c 300 err)"
}

# add ARGUMENTS...: to the hub
add() {
	"$tool" addclient --hub ./mtt0.conf "$@" 2>err || { cat err >&2; return 1; }
}

# value FILE KEY: from a file, the last one
value() {
	sed -n "s/^$2 = //p" "$1" | tail -n 1
}

hub() {
	printf '%s\n' "# my hub" "[Interface]" "PrivateKey = $key" "Address = 10.8.0.1/24, fd08::1/64" \
		"ListenPort = 51820" "$@"
}

key=$("$tool" genkey)
pub=$("$tool" pubkey <<<"$key")
hub >mtt0.conf
printf '# no newline at the end' >>mtt0.conf
cp mtt0.conf original

add --endpoint vpn.example phone >phone.conf
ok $? "the first client"
[ "$(cat phone.conf)" = "[Interface]
PrivateKey = $(value phone.conf PrivateKey)
Address = 10.8.0.2/32, fd08::2/128

[Peer]
PublicKey = $pub
AllowedIPs = 10.8.0.0/24, fd08::/64
Endpoint = vpn.example:51820" ]
ok $? "the client's file: $(cat phone.conf)"
cmp -s <(cat original; echo; echo; echo "[Peer]
#! Name = phone
PublicKey = $(value phone.conf PrivateKey | "$tool" pubkey)
AllowedIPs = 10.8.0.2/32, fd08::2/128") mtt0.conf
ok $? "the hub's file: $(cat mtt0.conf)"
! grep -qF "$(value phone.conf PrivateKey)" mtt0.conf
ok $? "the hub has no private key of a client"

add --endpoint 8.8.8.8:7 --psk --dns '9.9.9.9, corp.example' --keepalive 25 \
	--allowed-ips 0.0.0.0/0,::/0 laptop >laptop.conf
ok $? "the second client"
[ "$(value laptop.conf Address)" = "10.8.0.3/32, fd08::3/128" ] &&
	[ "$(value laptop.conf DNS)" = "9.9.9.9, corp.example" ] &&
	[ "$(value laptop.conf AllowedIPs)" = "0.0.0.0/0, ::/0" ] &&
	[ "$(value laptop.conf PersistentKeepalive)" = 25 ] &&
	[ "$(value laptop.conf Endpoint)" = 8.8.8.8:7 ] &&
	[ "$(value laptop.conf PrivateKey)" != "$(value phone.conf PrivateKey)" ]
ok $? "options: $(cat laptop.conf)"
[ -n "$(value laptop.conf PresharedKey)" ] &&
	[ "$(value laptop.conf PresharedKey)" = "$(value mtt0.conf PresharedKey)" ]
ok $? "both have the preshared key"
for conf in phone laptop mtt0; do
	cp $conf.conf mtt1.conf
	"$tool" up --dry-run --endpoint 8.8.8.8:1 mtt1.conf >out 2>&1 || grep -q "there must be one" out
	ok $? "up reads $conf.conf: $(head -c 300 out)"
done
if have wg-quick "wg-quick reads the hub's file"; then
	wg-quick strip ./mtt0.conf >out
	[ "$(grep -c PublicKey out)" = 2 ]
	ok $? "wg-quick reads the hub's file"
fi

refuse "a name twice" "there is a client \`phone' already" --endpoint vpn.example phone
refuse "a space in the name" "The name of a client is 1 to 63 of" "a phone"
refuse "a line in the name" "The name of a client is 1 to 63 of" "a
PublicKey"
echo "{}" >mtt0.json
"$tool" addclient --hub ./mtt0.json --endpoint vpn.example a >out 2>err
[ $? = 1 ] && grep -qF "mtt0.json: A client is a section" err && [ "$(cat mtt0.json)" = "{}" ]
ok $? "a hub that is JSON: $(cat out err)"
refuse "an option's name" "Usage: vpnctl addclient" -phone
refuse "two names" "Usage: vpnctl addclient" a b
refuse "no name" "Usage: vpnctl addclient"
refuse "no value" "Usage: vpnctl addclient" a --dns
refuse "a bad endpoint" "--endpoint: Endpoint is not the address of one host" --endpoint 0.0.0.0 a
refuse "a bad server" "--dns: Neither an address nor a domain: \`1.1.1.300'" \
	--endpoint vpn.example --dns 1.1.1.300 a
refuse "a bad prefix" "--allowed-ips: Prefix is not in the correct format" \
	--endpoint vpn.example --allowed-ips 10.0.0.0/33 a
refuse "a sign before a prefix" "--allowed-ips: a new client has none to add to or to remove" \
	--endpoint vpn.example --allowed-ips "10.0.0.0/8, -10.1.0.0/16" a
refuse "a bad interval" "--keepalive: Persistent keepalive interval is neither" \
	--endpoint vpn.example --keepalive x a
cp mtt0.conf before
"$tool" addclient --hub ./mtt0.conf --endpoint vpn.example a >/dev/full 2>err
[ $? = 1 ] && grep -q "No space left" err && cmp -s before mtt0.conf &&
	[ "$(find . -name 'mtt0.conf.*')" = "" ]
ok $? "a full disk: $(cat err)"
cp mtt0.conf before
{ sleep 0.3; "$tool" addclient --hub ./mtt0.conf --endpoint vpn.example a 2>err; echo $? >code; } | true
wait
[ "$(cat code)" = 1 ] && grep -q "Broken pipe" err && cmp -s before mtt0.conf
ok $? "a reader that is gone: $(cat code err)"
long=$(yes 10.0.0.0/32, | head -n 400 | tr -d '\n')10.0.0.0/32
refuse "too much for a code" "QR code: File too large" --qr --endpoint vpn.example \
	--allowed-ips "$long" a
chmod 640 mtt0.conf
ln -s mtt0.conf mtt2.conf
"$tool" addclient --hub ./mtt2.conf --endpoint vpn.example tablet >/dev/null
[ -L mtt2.conf ] && [ "$(stat -c %a mtt0.conf)" = 640 ] && grep -q "Name = tablet" mtt0.conf
ok $? "a link stays one, and the file keeps its mode"
chmod 600 mtt0.conf
for n in $(seq 8); do
	"$tool" addclient --hub ./mtt0.conf --endpoint vpn.example "at-once-$n" >"once-$n" 2>&1 &
done
wait
[ "$(cat once-* | grep Address | sort -u | wc -l)" = 8 ] &&
	[ "$(grep -c "Name = at-once" mtt0.conf)" = 8 ]
ok $? "eight at the same time: $(cat once-* | grep Address)"

# What holds the lock may be an `up' that has read the file and has made no peers yet
if [ -w /run ]; then
	cp mtt0.conf before
	mkfifo free
	flock /run/vpnctl.lock cat free &
	timeout 10 sh -c 'while flock -n /run/vpnctl.lock true; do sleep 0.1; done'
	rm err
	"$tool" addclient --hub ./mtt0.conf --endpoint vpn.example late >out 2>err &
	pid=$!
	timeout 10 sh -c 'until grep -qs "waiting for it" err; do sleep 0.1; done'
	[ ! -s out ] && cmp -s before mtt0.conf
	ok $? "adds nobody while an up is under way: $(cat out err)"
	echo >free
	wait $pid && grep -q "Name = late" mtt0.conf && [ "$(value out Address)" != "" ]
	ok $? "goes on when that has ended: $(cat out err)"
	wait
	[ ! -e /run/vpnctl.lock ]
	ok $? "a lock is left"
	# while it waits for who changes the hub's file
	cp mtt0.conf before
	flock mtt0.conf cat free &
	timeout 10 sh -c 'while flock -n mtt0.conf true; do sleep 0.1; done'
	for sig in TERM HUP; do
		# what the one before has said is not said by this one
		rm err
		"$tool" addclient --hub ./mtt0.conf --endpoint vpn.example ended >out 2>err &
		pid=$!
		timeout 10 sh -c 'until grep -qs "is changing it; waiting" err; do sleep 0.1; done'
		[ -e /run/vpnctl.lock ]
		ok $? "no lock while it waits for the file: $(cat out err)"
		# again, should it not wait yet
		timeout 10 sh -c "while kill -$sig $pid 2>/dev/null; do sleep 0.1; done"
		wait $pid
		[ $? = 1 ] && [ ! -e /run/vpnctl.lock ] && cmp -s before mtt0.conf && [ ! -s out ]
		ok $? "SIG$sig leaves no lock: $(cat out err)"
	done
	echo >free
	wait
else
	echo "ok 1 - adds nobody while an up is under way # SKIP /run cannot be written"
fi

# Who may not take the lock is told what may come of it
if unshare -rm true 2>/dev/null; then
	hub >mtt0.conf
	unshare -rm sh -c 'mount -t tmpfs -o ro none /run && exec "$@"' sh \
		"$tool" addclient --hub ./mtt0.conf --endpoint vpn.example unlocked >out 2>err &&
		grep -q "Name = unlocked" mtt0.conf &&
		grep -qF "/run/vpnctl.lock: Read-only file system: an \`up'" err &&
		grep -qF "\`vpnctl reload mtt0'" err
	ok $? "a lock that cannot be taken: $(cat out err)"
else
	echo "ok 1 - a lock that cannot be taken # SKIP no mount namespace of one's own"
fi

hub | sed 's,/24.*,/30,' >mtt0.conf
add --endpoint vpn.example one >/dev/null
refuse "a full subnet" "10.8.0.0/30: all addresses of this subnet are taken" \
	--endpoint vpn.example two
hub | grep -v Address >mtt0.conf
refuse "no address" "the file has no Address with a subnet" --endpoint vpn.example a
hub | grep -v ListenPort >mtt0.conf
refuse "no port" "is without a port, and the hub's file has no ListenPort" --endpoint vpn.example a
hub | grep -v PrivateKey >mtt0.conf
refuse "no key" "the hub has no private key" --endpoint vpn.example a
echo "$key" >hub.key
hub "#! PrivateKeyFile = $PWD/hub.key" | grep -v PrivateKey\ = >mtt0.conf
sed -i "2a#! PrivateKeyFile = $PWD/hub.key" mtt0.conf
add --endpoint vpn.example a >a.conf
[ "$(value a.conf PublicKey)" = "$pub" ]
ok $? "the key is in a file: $(cat a.conf err)"
hub "#! ClientEndpoint = home.example:99" "#! ClientDNS = 10.8.0.1, lan" "#! Gateway = yes" \
	"MTU = 1300" >mtt0.conf
add b >b.conf
[ "$(value b.conf Endpoint)" = home.example:99 ] && [ "$(value b.conf DNS)" = "10.8.0.1, lan" ] &&
	[ "$(value b.conf MTU)" = 1300 ] && [ "$(value b.conf AllowedIPs)" = "0.0.0.0/0, ::/0" ]
ok $? "what the hub's file says of clients: $(cat b.conf)"
# Without any network there is no address, public or not
if unshare -rn true 2>/dev/null; then
	hub >mtt0.conf
	cp mtt0.conf before
	unshare -rn "$tool" addclient --hub ./mtt0.conf a >out 2>err
	[ $? = 1 ] && grep -qF "where clients reach this host is not known" err &&
		cmp -s before mtt0.conf && [ ! -s out ]
	ok $? "no endpoint: $(cat err)"
	cat >route.sh <<-'SH'
		ip link set lo up
		ip address add 8.8.4.4/32 dev lo
		ip route add default dev lo src 8.8.4.4
		exec "$@"
	SH
	unshare -rn bash ./route.sh "$tool" addclient --hub ./mtt0.conf a >a.conf 2>err
	[ "$(value a.conf Endpoint)" = 8.8.4.4:51820 ]
	ok $? "a public address: $(cat a.conf err)"
	sed 's/8\.8\.4\.4/10.0.0.4/' route.sh >private.sh
	cp mtt0.conf before
	unshare -rn bash ./private.sh "$tool" addclient --hub ./mtt0.conf b >out 2>err
	[ $? = 1 ] && grep -qF "where clients reach this host is not known" err &&
		cmp -s before mtt0.conf && [ ! -s out ]
	ok $? "a private address: $(cat out err)"
else
	echo "ok 1 - the endpoint from a route # SKIP no network namespace of one's own"
fi

if have zbarimg "QR codes are read" && have python3 "QR codes are read"; then
	hub "#! Gateway = yes" >mtt0.conf
	for mode in always never; do
		WG_COLOR_MODE=$mode add --qr --psk --dns 10.8.0.1 --endpoint vpn.example "qr-$mode" >qr.txt
		"$here/qr_to_pbm.py" <qr.txt >qr.pbm && zbarimg -q --raw qr.pbm >read.conf 2>/dev/null
		[ "$(value read.conf PrivateKey | "$tool" pubkey)" = "$(value mtt0.conf PublicKey)" ] &&
			[ "$(value read.conf PresharedKey)" = "$(value mtt0.conf PresharedKey)" ] &&
			[ "$(value read.conf Endpoint)" = vpn.example:51820 ] &&
			[ "$(grep -c . read.conf)" = 9 ]
		ok $? "a QR code, colours $mode: $(cat read.conf)"
		width=$(sed 's/\x1b\[[0-9;]*m//g' qr.txt | sed -n 1p | wc -m)
		[ "$width" -le 81 ]
		ok $? "the code fits 80 columns: $width"
	done
fi

finish
