#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What `make install` puts where, and the units by systemd's own judgement.
# usage: test_units.sh path/to/vpnctl
. "${0%/*}/lib.sh"
top=$here/..

installed() {
	make -s -C "$top" install "$@" && (cd "$dir" && find . -type f | sort | tr '\n' ' ')
}

got=$(installed DESTDIR="$dir" PREFIX=/usr)
[[ $got == *"./usr/bin/vpnctl "*"./usr/lib/systemd/system/vpnctl-agent.service "* ]]
ok $? "DESTDIR and PREFIX: $got"
[ "$(grep -hE "^Exec(St|Reload)" "$dir"/usr/lib/systemd/system/* | grep -c '=/usr/bin/vpnctl ')" = 4 ]
ok $? "the path of vpnctl in the units"
make -s -C "$top" uninstall DESTDIR="$dir" PREFIX=/usr
[ -z "$(find "$dir" -type f)" ]
ok $? "uninstall leaves files"
rm -r "${dir:?}"/usr
got=$(installed DESTDIR="$dir" PREFIX=/opt/x SYSTEMD_UNIT_DIR=/units)
[[ $got == *" ./units/vpnctl-agent.service ./units/vpnctl@.service "* ]]
ok $? "SYSTEMD_UNIT_DIR: $got"
grep -qx "ExecStop=/opt/x/bin/vpnctl down %i" "$dir/units/vpnctl@.service" &&
	grep -qx "ExecReload=/opt/x/bin/vpnctl reload %i" "$dir/units/vpnctl@.service"
ok $? "PREFIX in a unit"

make -s -C "$top" install PREFIX="$dir/usr"
cd "$dir/usr/lib/systemd/system" || exit 1
unit=vpnctl-agent.service
# what the page promises
grep -qx "CapabilityBoundingSet=CAP_NET_ADMIN" $unit && grep -qx "Type=notify" $unit &&
	grep -q "^WatchdogSec=[1-9]" $unit && grep -qx "ProtectSystem=strict" $unit && grep -qx "RuntimeDirectory=vpnctl" $unit &&
	grep -q "^ExecStart=.* agent --listen unix:/run/vpnctl/metrics.sock$" $unit
ok $? "$unit is not what it is documented to be"
for unit in vpnctl-agent.service vpnctl@mt0.service; do
	if have systemd-analyze "systemd-analyze verify $unit"; then
		out=$(systemd-analyze verify --man=no ./$unit 2>&1) && [ -z "$out" ]
		ok $? "systemd-analyze verify $unit: $out"
	fi
done
# the exposure is given in tenths
if have systemd-analyze "systemd-analyze security"; then
	out=$(systemd-analyze security --offline=true --threshold=25 ./vpnctl-agent.service 2>&1)
	ok $? "systemd-analyze security: $(tail -n 1 <<<"$out")"
fi

finish
