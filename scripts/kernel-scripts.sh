#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Print a folder with the kernel's checkpatch.pl, kernel-doc and coccinelle/.
# Debian's kernel headers have no checkpatch, so they come out of its
# linux-source package, once, into the cache. Any other kernel tree can be named:
# KERNEL_SCRIPTS=/path/to/linux/scripts.

set -e
. "${0%/*}/lib.sh"

WANTED=(checkpatch.pl spelling.txt const_structs.checkpatch kernel-doc coccinelle)

# source_package: the name of the package that has the sources of this release
source_package()
{
	apt-cache depends linux-source | sed -nE 's/.*Depends: (linux-source-[0-9.]+)$/\1/p' | sed -n 1p
}

# unpack DIR: WANTED from the package, which stays in its archive
unpack()
{
	local package tmp

	package=$(source_package)
	[[ $package ]] || die "apt knows no linux-source; run apt-get update, or set KERNEL_SCRIPTS"
	say "taking checkpatch and coccinelle's rules out of $package"
	tmp=$(mktemp -d -p "$CACHE")
	(cd "$tmp" && apt-get -qq -o APT::Sandbox::User= download "$package") >&2
	dpkg --fsys-tarfile "$tmp"/*.deb | tar -xO "./usr/src/$package.tar.xz" |
		tar -C "$tmp" -xJ "${WANTED[@]/#/$package/scripts/}"
	mv "$tmp/$package/scripts" "$1"
	rm -r "$tmp"
}

dir=${KERNEL_SCRIPTS:-$CACHE/kernel-scripts}
if [[ ! -e $dir/checkpatch.pl ]]; then
	[[ ! ${KERNEL_SCRIPTS:-} ]] || die "no checkpatch.pl in $dir"
	need apt-get apt-cache dpkg tar xz
	mkdir -p "$CACHE"
	unpack "$dir"
fi
echo "$dir"
