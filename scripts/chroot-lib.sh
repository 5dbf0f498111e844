# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Minimal Debian systems in which packages are built and installed. Sourced after lib.sh and
# selftests/vm's lib.sh and apt.sh, by scripts that have a folder $tmp, the version of the tree in
# $version, and in $suite the release of Debian. As root; nothing is installed on the machine.

# shellcheck disable=SC2154 # tmp, version, suite, CACHE, TOP: of who sources it

BASE_DAYS=7	# so long is a system in the cache used again

# base SUITE: print the name of an archive of a minimal system
base()
{
	local file=$CACHE/chroots/$1.tar dir=$tmp/base

	echo "$file"
	[[ ! $(find "$file" -mtime "-$BASE_DAYS" 2>/dev/null) ]] || return 0
	say "making a chroot of $1"
	mkdir -p "${file%/*}"
	unshare --mount debootstrap --variant=minbase --keyring="$KEYRING" "$1" "$dir" \
		"$(debian_mirror Debian)" >"$file.log" 2>&1 || { tail "$file.log" >&2; die "debootstrap failed"; }
	suite_sources "$1" >"$dir/etc/apt/sources.list"
	tar -C "$dir" --exclude='./var/cache/apt/archives/*.deb' -cf "$file.new" .
	mv "$file.new" "$file"
	rm -r "$dir"
}

# new_chroot DIR: a minimal system of the suite that reaches our mirror, and starts no services
new_chroot()
{
	local archive

	archive=$(base "$suite")
	mkdir "$1"
	tar -C "$1" -xf "$archive"
	apt-config dump | grep '^Acquire' >"$1/etc/apt/apt.conf.d/00host"
	printf '%s\n' 'APT::Install-Recommends "0";' 'APT::Sandbox::User "root";' \
		'Dpkg::Use-Pty "0";' >"$1/etc/apt/apt.conf.d/01test"
	cp /etc/resolv.conf "$1/etc/"
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod +x "$1/usr/sbin/policy-rc.d"
	in_chroot "$1" apt-get -qq update
}

# kept_chroot DIR PACKAGE...: one with these packages, from the cache if it is there
kept_chroot()
{
	local key file

	key=$(printf '%s\n' "${@:2}" | sha256sum | cut -c 1-12)
	file=$CACHE/chroots/$suite-$key.tar
	if [[ $(find "$file" -mtime "-$BASE_DAYS" 2>/dev/null) ]]; then
		mkdir "$1"
		tar -C "$1" -xf "$file"
		return
	fi
	new_chroot "$1"
	apt_install "$1" "${@:2}"
	in_chroot "$1" apt-get clean
	tar -C "$1" -cf "$file.new" .
	mv "$file.new" "$file"
}

# in_chroot DIR COMMAND...: with /proc and /dev (and its terminals), which go when the command ends
in_chroot()
{
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount sh -c 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&
		exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
			DEBIAN_FRONTEND=noninteractive "$@"' "$@"
}

apt_install()
{
	in_chroot "$1" apt-get -y -q install "${@:2}"
}

# put_sources DIR VERSION: the tree to DIR/build/mytun; another version than its own as a release
# would have it
put_sources()
{
	mkdir -p "$1/build/mytun"
	# shellcheck disable=SC2119 # all of them
	sources | tar -C "$TOP" -T - -cf - | tar -C "$1/build/mytun" --no-same-owner -xf -
	[[ $2 != "$version" ]] || return 0
	sed -i "s/^\(#define MYTUN_VERSION\) .*/\1 \"$2\"/" "$1/build/mytun/module/mytun.h"
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$2\"/" "$1/build/mytun/dkms.conf"
	in_chroot "$1" sh -c "cd /build/mytun && DEBEMAIL=test@mytun.invalid DEBFULLNAME=test \
		dch --newversion $2 --distribution unstable 'An upgrade.'"
}

# prepare_build DIR PROFILES PACKAGE...: a new chroot in which the packages can be built, with the
# tree in it, and these packages
prepare_build()
{
	new_chroot "$1"
	apt_install "$1" build-essential "${@:3}"
	put_sources "$1" "$version"
	in_chroot "$1" apt-get -y -q --build-profiles "$2" build-dep /build/mytun
}

# build DIR OPTIONS: the packages, in DIR/build; OPTIONS are also profiles
build()
{
	in_chroot "$1" sh -c "cd /build/mytun &&
		DEB_BUILD_OPTIONS='$2' DEB_BUILD_PROFILES='$2' dpkg-buildpackage -us -uc"
}
