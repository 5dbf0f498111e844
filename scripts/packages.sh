#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build the Debian packages, in a copy of the tree as git knows or would know it.
#
#	packages.sh [FOLDER]	(build/packages)
#
# DEB_BUILD_OPTIONS=nocheck leaves the tests out. What is missing to build, dpkg
# says; "apt-get build-dep ." as root installs it.

set -e
. "${0%/*}/lib.sh"

need dpkg-buildpackage dpkg-parsechangelog git
out=$(realpath -m "${1:-$TOP/build/packages}")
version=$(dpkg-parsechangelog -l "$TOP/debian/changelog" -S Version)
temp_dir
mkdir -p "$out" "$tmp/mytun-$version"
# shellcheck disable=SC2119 # all of them
sources | tar -C "$TOP" -T - -cf - | tar -C "$tmp/mytun-$version" -xf -
(cd "$tmp/mytun-$version" && dpkg-buildpackage -us -uc) >"$out/build.log" 2>&1 </dev/null ||
	{ tail -n 40 "$out/build.log"; die "dpkg-buildpackage failed, see $out/build.log"; }
mv "$tmp"/*."deb" "$tmp"/*.{changes,buildinfo,dsc,tar.*} "$out/"
ls "$out"/*"_${version}_"*.deb
