# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the scripts of this folder share. Sourced, never run.

# shellcheck disable=SC2034 # used by the scripts that source this file
TOP=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
tmp=''
CACHE=${MYTUN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mytun}

# For the kernel with KCSAN: watch an access of so many
KCSAN_OFTEN=kcsan.skip_watch=200

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
		type -P "$tool" >/dev/null || missing+=("$tool")
	done
	((${#missing[@]} == 0)) || die "missing: ${missing[*]} (make deps installs them on Debian)"
}

# copy_module DIR: what is needed to build the module, without anything built.
# Builds with other flags go there, so that they never disturb one another.
copy_module()
{
	mkdir -p "$1"
	tar -C "$TOP" -cf - --exclude='*.o' --exclude='*.ko' --exclude='*.mod' \
		--exclude='*.mod.c' --exclude='*.cmd' Kbuild Makefile module |
		tar -C "$1" --no-same-owner -xf -
}

# kernel_headers: the folder to build against, as the Makefile chooses it
kernel_headers()
{
	local dir=${KDIR:-/lib/modules/$(uname -r)/build}

	[[ ${KDIR:-} || -e $dir ]] ||
		dir=$(printf '%s\n' /lib/modules/*/build | sort -rV | sed -n 1p)
	[[ -e $dir/include/generated/utsrelease.h ]] ||
		die "no kernel headers in $dir: install some, or name them in KDIR"
	echo "$dir"
}

# kernel_release DIR: the release that these headers are for
kernel_release()
{
	sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' "$1/include/generated/utsrelease.h"
}

# sources EXTENSION...: files of the tree that git knows or would know; without
# git all that are there
sources()
{
	(cd "$TOP" && git ls-files -co --exclude-standard -- "${@/#/*.}" 2>/dev/null |
		while read -r file; do [[ ! -f $file ]] || echo "$file"; done)
}

# temp_dir: a folder in $tmp that goes when the script ends
temp_dir()
{
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
}

# guest_module KERNEL LOG OPTION...: the module for a guest
guest_module()
{
	"$TOP/selftests/vm/build.sh" "$1" "${@:3}" >"$2" 2>&1 ||
		{ tail "$2" >&2; die "the module cannot be built; see $2"; }
}

# guest_tools: what the scripts in the guests call
guest_tools()
{
	make -s -C "$TOP/userspace"
	make -s -C "$TOP/selftests" all
}

# check_each NAME...: check, which the script has, of each, and the closing line
check_each()
{
	local name failed=0

	for name; do
		check "$name" || failed=$((failed + 1))
	done
	echo "$(($# - failed)) passed, $failed failed"
	((failed == 0))
}
