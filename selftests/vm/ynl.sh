#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own client for netlink families, YNL, out of Debian's source of the newest
# kernel, in the cache: print the folder that has pyynl/ and its schemas.
#
#	ynl.sh

set -e
. "${0%/*}/lib.sh"
. "${0%/*}/apt.sh"

PACKAGE=linux-source-7.2
SUITE=sid

dir=$VM_CACHE/ynl/$PACKAGE
lock ynl
if [[ ! -e $dir ]]; then
	new=$VM_CACHE/ynl/new
	rm -rf "$new"
	suite_use "$SUITE" >&2
	suite_get "$new/package" "$PACKAGE"
	say "taking YNL out of $PACKAGE"
	mkdir "$new/tree"
	tar -C "$new/tree" --strip-components=1 -xf "$new/package/usr/src/$PACKAGE.tar.xz" \
		"$PACKAGE"/{tools/net/ynl/pyynl,Documentation/netlink}
	mv "$new/tree" "$dir"
	rm -rf "$new"
fi
echo "$dir"
