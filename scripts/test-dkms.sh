#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does DKMS build, install and remove the module, and is nothing left of it?
# Nothing is loaded. As root; KDIR names the kernel headers.

set -e
. "${0%/*}/lib.sh"

count=0 failed=0

# check NAME COMMAND...: one line of TAP
check()
{
	local name=$1 status=0

	shift
	"$@" >"$tmp/log" 2>&1 || status=$?
	count=$((count + 1))
	if ((status == 0)); then
		echo "ok $count dkms: $name"
	else
		failed=1
		echo "not ok $count dkms: $name"
		sed 's/^/# /' "$tmp/log" | tail -n 40
	fi
}

skip()
{
	echo "1..0 # SKIP dkms: $*"
	exit 4
}

# Every place where DKMS, depmod or we leave something; the key that DKMS signs
# with is its own
traces()
{
	find "/lib/modules/$release/" /usr/src /var/lib/dkms -mindepth 1 -not -type l \
		-not -name 'mok.*' -not -name 'modules.*' -not -name dkms_dbversion \
		-path '*mytun*' -print 2>/dev/null
	grep -l mytun "/lib/modules/$release"/modules.* 2>/dev/null || true
}

same_version()
{
	echo "dkms.conf says $PACKAGE_VERSION, module/mytun.h $version"
	[[ $PACKAGE_VERSION == "$version" ]]
}

installed()
{
	grep -q ': installed$' <<<"$(dkms status "mytun/$version" -k "$release" | tee -a /dev/stderr)"
}

# The module is where depmod finds it, and is this version for this kernel
usable()
{
	modinfo -k "$release" mytun
	[[ $(modinfo -k "$release" -F vermagic mytun) == "$release "* &&
		$(modinfo -k "$release" -F version mytun) == "$version" ]]
	grep -q '/mytun\.ko' "/lib/modules/$release/modules.dep"
}

nothing_left()
{
	local left

	left=$(traces)
	echo "$left"
	[[ ! $left && ! $(dkms status mytun) ]]
}

# What was built in the checkout is none of DKMS's business
checkout_untouched()
{
	[[ -e $guard ]]
}

# end: whatever happens, leave nothing
end()
{
	dkms remove "mytun/$version" --all >/dev/null 2>&1 || true
	rm -rf "/usr/src/mytun-$version" "$tmp" "$guard"
}

((EUID == 0)) || skip "needs root"
type -P dkms >/dev/null || skip "dkms is not installed"
kdir=$(kernel_headers)
release=$(kernel_release "$kdir")
[[ ! $(dkms status mytun) ]] || skip "this machine uses mytun through DKMS"
[[ ! $(traces) ]] || skip "this machine has mytun installed: $(traces | tr '\n' ' ')"
temp_dir
guard=$(mktemp -p "$TOP/module" --suffix=.ko)
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# shellcheck disable=SC2034 # for dkms.conf
kernelver=$release kernel_source_dir=$kdir
. "$TOP/dkms.conf"
version=$(sed -n 's/^#define MYTUN_VERSION "\(.*\)"/\1/p' "$TOP/module/mytun.h")
make=(make -C "$TOP" KDIR="$kdir" --no-print-directory)

echo 1..7
check "the versions agree" same_version
check "install" "${make[@]}" dkms-install
check "status says installed" installed
check "modinfo and depmod know it" usable
check "remove" "${make[@]}" dkms-remove
check "nothing is left" nothing_left
check "the checkout is untouched" checkout_untouched
exit $failed
