#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Put a kernel in the cache: Debian's own packages, or any kernel by path.
#
#	fetch.sh 6.1|6.12|7.2
#	fetch.sh NAME IMAGE [MODULES [HEADERS]]		(MODULES may be "")
#
# The first form downloads image, modules and headers (6.1: bookworm, 6.12:
# bookworm-backports, 7.2: sid) and installs nothing. If this machine's compiler
# and C library are not what the headers need (as for 7.2 on Debian 12), a
# chroot of the same suite is made beside them; that part needs root.
# The second form registers files that are already there: the image to boot,
# the folder lib/modules/VERSION, the folder to build against.
#
# A kernel that is in the cache is left as it is, without any network.
# "fetch.sh --again VERSION" fetches it anew.

set -e
. "${0%/*}/lib.sh"
. "${0%/*}/apt.sh"

declare -A SUITES=([6.1]=bookworm [6.12]=bookworm-backports [7.2]=sid)

usage()
{
	sed -n '3,/^$/s/^#[ ]\{0,1\}//p' "$0" >&2
	exit 1
}

# fetch_packages DIR FINAL: image, modules and headers unpacked in DIR/root;
# FINAL is what DIR will be called at the end
fetch_packages()
{
	local root=$1/root final=$2/root release packages

	release=$(suite_depends linux-headers-cloud-amd64 'linux-headers-.*')
	release=${release#linux-headers-}
	[[ $release ]] || die "no linux-headers-cloud-amd64 in this suite"
	[[ $release == "${name}".* ]] || say "note: this suite has moved on from $name to $release"
	# Newer packages keep the parts of an image apart
	if suite_has "linux-binary-$release"; then
		packages="linux-binary-$release linux-modules-$release"
	else
		packages=linux-image-$release
	fi
	# shellcheck disable=SC2046,SC2086 # words
	suite_get "$root" $packages "linux-headers-$release" \
		$(suite_depends "linux-headers-$release" 'linux-(base|headers|kbuild)-.*')

	# The only absolute paths in the headers
	sed -i "s,/usr/src/,$final&," "$root/usr/src/linux-headers-$release/Makefile"
	echo "$release" >"$1/release"
	ln -s "root/usr/src/linux-headers-$release" "$1/headers"
	link_first "$1/modules" "$root"/{usr/,}lib/modules/"$release"
	link_first "$1/image" "$root/boot/vmlinuz-$release" "$1/modules/vmlinuz"
}

# link_first LINK FILE...: link to the first that exists, by a relative path
link_first()
{
	local link=$1 file

	shift
	for file; do
		[[ ! -e $file ]] || { ln -sr "$file" "$link"; return; }
	done
	die "none of these is there: $*"
}

# compiler DIR: the compiler that the kernel's headers ask for
compiler()
{
	sed -nE 's/^CC *=.*(gcc-[0-9]+).*/\1/p' "$1/headers/.kernelvariables"
}

# host_builds DIR: has the machine that compiler, and do the headers' tools run?
host_builds()
{
	type -P "$(compiler "$1")" >/dev/null &&
		ldd "$1/headers/scripts/mod/modpost" >/dev/null 2>&1 &&
		! grep -q 'not found' <<<"$(ldd "$1/headers/scripts/mod/modpost" 2>&1)"
}

# make_chroot DIR SUITE FINAL: a small Debian with the right compiler and the headers
make_chroot()
{
	local chroot=$1/chroot mirror

	((EUID == 0)) || die "building for $name here needs a chroot, and making it needs root"
	need debootstrap
	mirror=$(debian_mirror Debian)
	say "making a chroot of ${2%-backports} with $(compiler "$1")"
	# Its mounts go with it
	unshare --mount debootstrap --variant=minbase --include="make,pahole,$(compiler "$1")" \
		--keyring="$KEYRING" \
		"${2%-backports}" "$chroot" "$mirror" >"$1/debootstrap.log" 2>&1 ||
		{ tail -n 20 "$1/debootstrap.log" >&2; die "debootstrap failed"; }
	rm -f "$chroot"/var/cache/apt/archives/*.deb
	cp -a "$1/root/usr/src/." "$chroot/usr/src/"
	cp -a "$1"/root/usr/lib/linux-kbuild-* "$chroot/usr/lib/"
	sed -i "s,$3/root/usr/src/,/usr/src/," "$chroot/usr/src/linux-headers-$(<"$1/release")/Makefile"
}

# image_release IMAGE: the version in a bzImage: two bytes at 526 say where
image_release()
{
	local at

	at=$(od -An -tu2 -j526 -N2 "$1")
	tail -c "+$((at + 512 + 1))" "$1" | head -c 64 | LC_ALL=C grep -aoEm1 '^[0-9]+\.[0-9]+[^ ]*' ||
		die "$1 is no bzImage"
}

# register DIR IMAGE [MODULES [HEADERS]]
register()
{
	local file

	for file in "${@:2}"; do
		[[ ! $file || -e $file ]] || die "$file is not there"
	done
	ln -s "$(realpath "$2")" "$1/image"
	[[ ! ${3:-} ]] || ln -s "$(realpath "$3")" "$1/modules"
	[[ ! ${4:-} ]] || ln -s "$(realpath "$4")" "$1/headers"
	image_release "$2" >"$1/release"
}

[[ ${1:-} == --again ]] && { again=1; shift; }
name=${1:-}
[[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || usage
dir=$VM_CACHE/kernels/$name
lock "kernel-$name"
[[ ${again:-} || $# -gt 1 || ! -e $dir/image ]] || exit 0

new=$dir.new
rm -rf --one-file-system "$new"
mkdir -p "$new"
trap 'rm -rf --one-file-system "$new"' EXIT
if (($# > 1)); then
	register "$new" "${@:2}"
elif [[ ${SUITES[$name]:-} ]]; then
	need apt-get apt-cache dpkg ldd
	suite=${SUITES[$name]}
	suite_use "$suite"
	fetch_packages "$new" "$dir"
	host_builds "$new" || make_chroot "$new" "$suite" "$dir"
else
	usage
fi
rm -rf --one-file-system "$dir"
mv "$new" "$dir"
say "kernel $name is $(<"$dir/release")"
