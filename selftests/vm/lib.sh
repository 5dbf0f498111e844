# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the scripts of the virtual test bed share: messages, the cache and the
# kernels in it. Sourced, never run.
#
# The cache lies outside the checkout ($MYTUN_VM_CACHE):
#
#	kernels/NAME/image	what QEMU boots
#	kernels/NAME/modules	its module folder (may be missing)
#	kernels/NAME/headers	the folder to build modules against
#	kernels/NAME/chroot	only when the host cannot build for it
#	kernels/NAME/release	its version, one line
#	apt/SUITE/		package lists of the suites that we fetch from
#	initrd/			the parts of an initramfs that seldom change
#	build/			copies of checkouts in which the module is built
#	source/, ynl/		sources of a kernel, and its netlink client
#	kernel/			where a kernel of our own is built
#	libraries/, portable/	what check-portable.sh unpacks and builds
#	guests/			what belongs to a run, gone at its end, or at a start of another
#	slot.N			locks: one for each guest that may run
#	*.lock			other locks

# shellcheck disable=SC2034 # used by the scripts that source this file
VM_DIR=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
VM_CACHE=${MYTUN_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mytun-vm}
# Where the tools of the host are, whatever PATH says
VM_PATH=/usr/sbin:/usr/bin:/sbin:/bin

say()
{
	echo "${0##*/}: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

# need TOOL...: die unless every one of them is there
need()
{
	local tool missing=()

	for tool; do
		[[ $(PATH=$VM_PATH:$PATH type -P "$tool") ]] || missing+=("$tool")
	done
	((${#missing[@]} == 0)) ||
		die "missing: ${missing[*]} (selftests/vm/deps.sh installs them on Debian)"
}

# kernel_dir NAME: the folder of a kernel that fetch.sh has put in the cache
kernel_dir()
{
	local dir=$VM_CACHE/kernels/$1

	[[ -e $dir/image ]] || die "kernel $1 is not in the cache: run ${VM_DIR}/fetch.sh $1"
	echo "$dir"
}

# lock NAME: hold a lock of the cache until this process ends
lock()
{
	local fd

	mkdir -p "$VM_CACHE"
	exec {fd}>"$VM_CACHE/$1.lock"
	flock -w 2 "$fd" && return
	say "waiting for another process that holds $1.lock"
	flock "$fd"
}
