# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The source of Debian's kernel, in the cache. Sourced after lib.sh and apt.sh. Who uses it
# holds the lock "kernel-source".

PACKAGE=linux-source-6.1
SUITE=bookworm

# fetch_source: the newest source of the suite in the cache, others gone. A
# folder that carries its version is complete.
fetch_source()
{
	local version dir new

	suite_use "$SUITE"
	version=$(apt-cache "${SUITE_OPTS[@]}" show --no-all-versions "$PACKAGE" |
		sed -n 's/^Version: //p')
	[[ $version ]] || die "no $PACKAGE in $SUITE"
	dir=$VM_CACHE/source/$version
	[[ ! -d $dir ]] || return 0
	new=$VM_CACHE/source/new
	rm -rf "$new"
	suite_get "$new/package" "$PACKAGE"
	say "unpacking $PACKAGE $version"
	mkdir "$new/tree"
	tar -C "$new/tree" --strip-components=1 -xf "$new/package/usr/src/$PACKAGE.tar.xz"
	find "$VM_CACHE/source" -mindepth 1 -maxdepth 1 ! -name new -exec rm -rf {} +
	mv "$new/tree" "$dir"
	rm -rf "$new"
}

# source_dir: print the folder of the source that is in the cache
source_dir()
{
	find "$VM_CACHE/source" -mindepth 1 -maxdepth 1 ! -name new 2>/dev/null | sed -n 1p
}
