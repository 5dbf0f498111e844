#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What mytun-test.service of scripts/test-systemd.sh runs in a guest: the checks of this boot, their
# outcome for selftests/vm/run.sh, and the end of the machine.

export HOME=/root
here=${0%/*}
keep=/var/lib/mytun-test

exec </dev/null >/dev/ttyS0 2>&1
stty -F /dev/ttyS0 -opost
boot=first
[[ ! -e $keep/first ]] || boot=second
: >"$keep/$boot"
status=0
timeout -k 10 600 "$here/checks.sh" "$boot" || status=$?
printf '\n%s %d\n' "$(</run/vm-end)" "$status"
systemctl --no-block start poweroff.target
