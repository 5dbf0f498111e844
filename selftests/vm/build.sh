#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build mytun.ko, and the modules that tests need (selftests/module), for a
# kernel of fetch.sh, without touching the checkout's sources: they are copied,
# for 7.2 into its chroot.
#
#	build.sh [--aside] NAME [MAKE-ARGUMENT...]
#
# The results are selftests/vm/out/NAME/*.ko, where run.sh finds them. The
# arguments go to make (W=1, DEBUG=1). Any warning is a failure. --aside only
# sees whether it builds: nothing is different for who uses the results.

set -e
. "${0%/*}/lib.sh"

# The compiler of a Debian update is newer than the one that built the kernel
HARMLESS='warning: the compiler differs from the one used to build the kernel'

# copy_sources DIR: only what is new is written, so that make can tell
copy_sources()
{
	mkdir -p "$1"
	rsync -a --delete --include={/Makefile,/Kbuild,/module,/selftests,/selftests/module} \
		--exclude={'/*','/selftests/*'} --exclude='*.'{o,ko,mod,mod.c,cmd,d} \
		"$VM_DIR/../../" "$1/"
}

# compile KERNELDIR BUILDDIR MAKE-ARGUMENT...: where its compiler is. BTF for
# modules would need pahole and gives nothing here.
compile()
{
	local kernel=$1 build=$2 run=()
	local headers=$kernel/headers

	if [[ -e $kernel/chroot ]]; then
		((EUID == 0)) || die "building in a chroot needs root"
		headers=/usr/src/linux-headers-$(<"$kernel/release")
		build=${build#"$kernel/chroot"}
		# objtool wants /proc
		# shellcheck disable=SC2016 # expanded by the inner shell
		run=(unshare --mount sh -c 'mount -t proc proc "$0/proc" &&
			exec chroot "$0" env PATH=/usr/bin:/bin "$@"' "$kernel/chroot")
	fi
	"${run[@]}" make --no-print-directory -C "$build" -j "$(nproc)" modules \
		KDIR="$headers" EXTRA=CONFIG_DEBUG_INFO_BTF_MODULES= "${@:3}"
}

aside=
if [[ ${1:-} == --aside ]]; then
	aside=-aside
	shift
fi
[[ ${1:-} && $1 != -* ]] || die "usage: build.sh [--aside] NAME [MAKE-ARGUMENT...]"
need make rsync
name=$1
shift
kernel=$(kernel_dir "$name")
[[ -e $kernel/headers ]] || die "kernel $name has no headers"
id=$(cd "$VM_DIR/../.." && pwd -P | cksum | cut -d ' ' -f 1)$aside
build=$VM_CACHE/build/$name-$id
[[ ! -e $kernel/chroot ]] || build=$kernel/chroot/build/$id
lock "build-$name-$id"

[[ $aside ]] || rm -f "$VM_DIR/out/$name"/*.ko
copy_sources "$build"
{
	compile "$kernel" "$build" "$@" && compile "$kernel" "$build/selftests/module" "$@"
} 2>&1 | tee "$build.log"
status=${PIPESTATUS[0]}
if grep -q 'warning:' <<<"$(grep -v "$HARMLESS" "$build.log")"; then
	# Anew the next time, or the warning would not come again
	rm -rf "$build"
	die "warnings (kernel $name)"
fi
((status == 0)) || die "make failed (kernel $name)"
[[ ! $aside ]] || exit 0
mkdir -p "$VM_DIR/out/$name"
cp "$build"/{mytun.ko,selftests/module/*.ko} "$VM_DIR/out/$name/"
