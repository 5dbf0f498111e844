#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# B46: what runs on no machine of ours, in TAP, closing with "N passed, N failed":
#
#	- the unit tests of module/core/ on a big-endian processor of 64 bits (s390x,
#	  by qemu-user) and on a little-endian one of 32 bits (i686)
#	- the module, built for both, without IPv6, and by clang; all with W=1, and
#	  with no warning, nor anything of the compiler's own library, which no kernel has
#
# Libraries of the other processors and prepared kernel sources are kept in the cache
# of the virtual test bed. The first time takes a few minutes, and wants root and the
# network for compilers (deps.sh port).

set -e
. "${0%/*}/lib.sh"
. "$TOP/selftests/vm/lib.sh"
. "$TOP/selftests/vm/apt.sh"
. "$TOP/selftests/vm/source.sh"

# Sanitizers of addresses know nothing of an emulator
UNDEFINED='-fsanitize=undefined -fno-sanitize-recover=all'
LIBRARIES=(libsodium-dev libsodium23 libcmocka-dev libcmocka0 libssl-dev libssl3)
# Of all kernels that the module is built for; the rest is allnoconfig's
CONFIG='CONFIG_SMP CONFIG_NET CONFIG_INET CONFIG_MODULES CONFIG_MODULE_UNLOAD CONFIG_CRYPTO
	CONFIG_NETDEVICES CONFIG_NET_CORE CONFIG_WIREGUARD CONFIG_PRINTK CONFIG_NETFILTER'
COMPILER_LIBRARY='__(u?(div|mod|divmod)[dt]i[34]|(ash[lr]|lshr)[dt]i3|u?cmp[dt]i2|mul[dt]i3)'
# There is no list of a kernel's symbols, for there is no kernel
HARMLESS='WARNING: (modpost: .*(undefined!|unresolved symbol)|Module.symvers is missing)'
HARMLESS+='|You may get many unresolved symbol warnings'

passed=0
failed=0

# check NAME COMMAND...: one check, in a shell of its own; its output is shown when it fails
check()
{
	local name=$1 rc=0

	shift
	set +e
	(set -e; "$@") >"$tmp/log" 2>&1
	rc=$?
	set -e
	if ((rc)); then
		failed=$((failed + 1))
		tail -n 30 "$tmp/log" | sed 's/^/# /'
		echo "not ok $((passed + failed)) $name"
		return
	fi
	passed=$((passed + 1))
	echo "ok $((passed + failed)) $name"
}

# libraries ARCH: the folder of an architecture's libraries
libraries()
{
	local dir=$VM_CACHE/libraries/$1 key
	local SUITE_ARCH=$1

	key=${LIBRARIES[*]}
	if [[ $(cat "$dir/made-of" 2>/dev/null) != "$key" ]]; then
		suite_use "$SUITE"
		rm -rf "$dir"
		suite_get "$dir" "${LIBRARIES[@]}"
		echo "$key" >"$dir/made-of"
	fi
	echo "$dir"
}

# unit_tests ARCH TRIPLET GNU SANITIZERS RUN...: RUN runs a program; TRIPLET is that of the
# compiler, GNU that of the libraries
unit_tests()
{
	local dir lib

	dir=$(libraries "$1")
	lib=$dir/usr/lib/$3
	make -C "$TOP/selftests/unit" -j "$(nproc)" check build="$tmp/unit-$1" san="$4" \
		CC="$2-gcc -isystem $dir/usr/include -isystem $dir/usr/include/$3" \
		LDFLAGS="-L$lib -Wl,-rpath-link,$lib" \
		RUN="${*:5} -L /usr/$2 -E LD_LIBRARY_PATH=$lib:/usr/$2/lib"
	ls "$tmp/unit-$1"/test_* >/dev/null
}

# kernel NAME OPTION MAKE-ARGUMENT...: a kernel's source, prepared for modules, in the cache;
# OPTION is more of its configuration
kernel()
{
	local build=$VM_CACHE/portable/$1 option wanted

	wanted="$2 ${*:3} $CONFIG ${source##*/}"
	[[ $(cat "$build/made-of" 2>/dev/null) != "$wanted" ]] || return 0
	rm -rf "$build"
	mkdir -p "$build"
	for option in $CONFIG; do
		echo "$option=y"
	done | sed 's/WIREGUARD=y/WIREGUARD=m/' >"$build/wanted"
	echo "$2" >>"$build/wanted"
	make -s -C "$source" O="$build" KCONFIG_ALLCONFIG="$build/wanted" "${@:3}" allnoconfig
	grep -qx 'CONFIG_WIREGUARD=m' "$build/.config"
	grep -qxF "$2" "$build/.config"
	nice make -s -C "$source" O="$build" -j "$(nproc)" "${@:3}" modules_prepare
	echo "$wanted" >"$build/made-of"
}

# module NAME OPTION MAKE-ARGUMENT...: the module for that kernel
module()
{
	local copy=$tmp/module-$1 lines

	kernel "$@"
	copy_module "$copy"
	make -C "$source" O="$VM_CACHE/portable/$1" M="$copy" -j "$(nproc)" W=1 DEBUG=y \
		KBUILD_MODPOST_WARN=1 "${@:3}" modules 2>&1 | tee "$tmp/build"
	lines=$(grep -i 'warning' "$tmp/build" | grep -vE "$HARMLESS") || true
	[[ ! $lines ]] || { echo "$lines"; return 1; }
	lines=$(nm -u "$copy/mytun.ko" | grep -E "$COMPILER_LIBRARY") || true
	[[ ! $lines ]] || { echo "wanted of the compiler's library: $lines"; return 1; }
}

"$TOP/scripts/deps.sh" build test port
temp_dir
set -o pipefail
lock portable
source=$(source_dir)
[[ $source ]] || { lock kernel-source; fetch_source; source=$(source_dir); }

check "B46 unit tests, big endian, 64 bit" unit_tests s390x s390x-linux-gnu s390x-linux-gnu \
	"$UNDEFINED" qemu-s390x
check "B46 unit tests, little endian, 32 bit" unit_tests i386 i686-linux-gnu i386-linux-gnu \
	"$UNDEFINED" qemu-i386
check "B46 module without IPv6" module no-ipv6 "# CONFIG_IPV6 is not set" ARCH=x86_64
check "B46 module by clang" module clang CONFIG_IPV6=y ARCH=x86_64 CC=clang
check "B46 module, 32 bit" module i386 CONFIG_IPV6=y ARCH=i386 CROSS_COMPILE=i686-linux-gnu-
check "B46 module, big endian" module s390 CONFIG_IPV6=y ARCH=s390 \
	CROSS_COMPILE=s390x-linux-gnu-
echo
echo "$passed passed, $failed failed"
((failed == 0))
