#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Install by apt-get what the test bed needs and this machine lacks.
#
#	deps.sh [PACKAGE...]
#
# The packages given are installed too. Nothing to install: nothing is done, no
# network and no root needed. Not Debian: the list is printed.

set -e
. "${0%/*}/lib.sh"

NEEDED=(
	# virtual machine
	qemu-system-x86 cpio kmod rsync xz-utils
	# building the module and kernels; fetching kernels
	make gcc bc bison flex libelf-dev debootstrap debian-archive-keyring
	# tools of the guest
	bash coreutils conntrack ethtool findutils iperf3 iproute2 iptables
	iputils-ping jq mount ncat nftables procps python3 socat tcpdump util-linux
	wireguard-tools
)
# gcc-12 builds for 6.1 and 6.12 (without it fetch.sh makes chroots); Debian 12
# and later have the rest
WANTED=(gcc-12 strace wireguard-go)

installed()
{
	[[ $(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null) == ?i* ]]
}

# missing PACKAGE...: print those that are not installed
missing()
{
	local package

	for package; do
		installed "$package" || echo "$package"
	done
}

# known PACKAGE...: print those that apt can install
known()
{
	local package

	for package; do
		if apt-cache show "$package" >/dev/null 2>&1; then
			echo "$package"
		else
			say "note: apt has no $package"
		fi
	done
}

type -P apt-get dpkg-query >/dev/null ||
	die "this is not Debian. Install what these packages hold: ${NEEDED[*]} ${WANTED[*]} $*"
mapfile -t packages < <(missing "${NEEDED[@]}" "$@")
mapfile -t wanted < <(missing "${WANTED[@]}")
((${#packages[@]} + ${#wanted[@]})) || exit 0

# Without a list nothing is known of any package
if ! apt-cache show qemu-system-x86 >/dev/null 2>&1; then
	((EUID == 0)) || die "needs root for: apt-get update"
	say "reading the package lists"
	apt-get -qq update
fi
mapfile -t wanted < <(known "${wanted[@]}")
packages+=("${wanted[@]}")
((${#packages[@]})) || exit 0
((EUID == 0)) || die "needs root for: apt-get install ${packages[*]}"
say "installing ${packages[*]}"
DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
	-o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install "${packages[@]}"
