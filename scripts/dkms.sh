#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Hand the module to DKMS, or take it back.
#
#	dkms.sh install VERSION KERNELRELEASE
#	dkms.sh remove VERSION
#
# `make dkms-install` and `make dkms-remove` call it.

set -e
. "${0%/*}/lib.sh"

install_module()
{
	local source=/usr/src/mytun-$1

	[[ ! -e $source ]] || die "$source is there already: make dkms-remove first"
	copy_module "$source"
	cp "$TOP/dkms.conf" "$TOP/COPYING" "$source/"
	dkms add "mytun/$1"
	dkms install "mytun/$1" -k "$2"
}

remove_module()
{
	dkms remove "mytun/$1" --all
	rm -rf "/usr/src/mytun-$1"
	rmdir --ignore-fail-on-non-empty /var/lib/dkms/mytun 2>/dev/null || true
}

need dkms
[[ ${2:-} ]] || die "usage: dkms.sh install VERSION KERNELRELEASE | remove VERSION"
case $1 in
install) install_module "$2" "${3:?the release of the kernel to build for}" ;;
remove) remove_module "$2" ;;
*) die "unknown word: $1" ;;
esac
