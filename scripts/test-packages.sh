#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Do the Debian packages build in a clean system, with lintian finding no error, install, work,
# give way to a newer version, and go without a trace?
#
#	test-packages.sh [SUITE...]	(bookworm)
#
# Each SUITE (trixie and sid are others) gets chroots of its own, from this machine's mirror; nothing
# is installed on the machine and nothing is loaded. As root.

set -e
. "${0%/*}/lib.sh"
. "$TOP/selftests/vm/lib.sh"
. "$TOP/selftests/vm/apt.sh"
. "$TOP/scripts/chroot-lib.sh"

NEWER=9.9.9	# the version to upgrade to
count=0 failed=0

# check NAME COMMAND...: one line of TAP
check()
{
	local name="packages, $suite: $1" status=0

	shift
	# Not behind ||, where a command that fails would not end it
	set +e
	(set -e; "$@") >"$tmp/log" 2>&1 </dev/null
	status=$?
	set -e
	count=$((count + 1))
	if ((status == 0)); then
		echo "ok $count $name"
	else
		failed=1
		echo "not ok $count $name"
		sed 's/^/# /' "$tmp/log" | tail -n 40
	fi
}

skip()
{
	echo "1..0 # SKIP packages: $*"
	exit 4
}

no_lintian_errors()
{
	in_chroot "$builder" sh -c "lintian --allow-root --fail-on error \
		--pedantic /build/mytun_${version}_*.changes"
}

build_newer()
{
	rm -r "$builder/build/mytun"
	put_sources "$builder" "$NEWER"
	build "$builder" nocheck
}

prepare_install()
{
	local package

	new_chroot "$target"
	cp "$builder"/build/*.deb "$target/root/"
	# All that ours depend on: what is new afterwards is ours
	apt_install "$target" linux-headers-cloud-amd64 dkms systemd ethtool kmod man-db bash-completion zsh
	for package in "$target/root/vpnctl_${version}_amd64.deb" "$target/root/mytun-dkms_${version}_all.deb"; do
		in_chroot "$target" apt-get -y -q satisfy "$(dpkg-deb -f "$package" Depends)"
	done
	files >"$tmp/files"
}

# files: of the target, without what apt, dpkg, DKMS, depmod and man keep for themselves
files()
{
	(cd "$target" && find . -xdev -not -path './proc/*' -not -path './sys/*' -not -path './dev/*' \
		-not -path './var/log/*' -not -path './var/cache/*' -not -path './var/lib/dpkg/*' \
		-not -path './var/lib/apt/*' -not -path './tmp/*' -not -path './run/*' \
		-not -path './root/*' -not -name 'modules.*' | sort)
}

install_packages()
{
	apt_install "$target" "/root/vpnctl_$1_amd64.deb" "/root/mytun-dkms_$1_all.deb"
}

# works VERSION: the tool, its pages and completions, the plug-in and the module are there
works()
{
	local module

	module=$(cd "$target" && find lib/modules/ -name 'mytun.ko*')
	[[ $(in_chroot "$target" vpnctl --version) == "vpnctl $1" ]]
	in_chroot "$target" sh -c 'vpnctl genkey | vpnctl pubkey'
	in_chroot "$target" ip link help mytun | grep listen-port
	in_chroot "$target" man -w 8 vpnctl
	in_chroot "$target" man -w 5 vpnctl.conf
	in_chroot "$target" man -w 4 mytun
	in_chroot "$target" bash -c '. /usr/share/bash-completion/bash_completion
		_completion_loader vpnctl 2>/dev/null || _comp_load vpnctl
		complete -p vpnctl' | grep -x 'complete -F _vpnctl vpnctl'
	# shellcheck disable=SC2016 # for zsh
	in_chroot "$target" zsh -c 'autoload -U compinit && compinit -u -d /tmp/dump &&
		[[ $_comps[vpnctl] == _vpnctl ]]'
	[[ $(in_chroot "$target" modinfo -F version "/$module") == "$1" ]]
	[[ $(stat -c %a "$target/etc/vpnctl") == 700 ]]
	in_chroot "$target" systemd-analyze verify vpnctl@mt0.service vpnctl-agent.service
	[[ $(in_chroot "$target" systemctl is-enabled vpnctl-agent.service) == disabled ]]
}

# One module for each kernel, and that of the newer version
upgraded()
{
	install_packages "$NEWER"
	works "$NEWER"
	[[ $(in_chroot "$target" dkms status mytun | wc -l) == 1 ]]
	[[ ! -e $target/usr/src/mytun-$version && ! -e $target/var/lib/dkms/mytun/$version ]]
}

# What the administrator has written stays until he removes it
removed()
{
	echo "[Interface]" >"$target/etc/vpnctl/mine.conf"
	in_chroot "$target" apt-get -y -q remove vpnctl mytun-dkms
	[[ ! $(find "$target/lib/modules" -name 'mytun*') ]]
	[[ -e $target/etc/vpnctl/mine.conf ]]
	rm "$target/etc/vpnctl/mine.conf"
}

nothing_left()
{
	in_chroot "$target" apt-get -y -q purge vpnctl mytun-dkms
	files | diff "$tmp/files" -
	[[ ! $(in_chroot "$target" dkms status mytun) ]]
	fails in_chroot "$target" dpkg -s vpnctl
	fails in_chroot "$target" dpkg -s mytun-dkms
}

fails()
{
	! "$@"
}

test_suite()
{
	builder=$tmp/$suite-build target=$tmp/$suite-install
	check "build dependencies install" prepare_build "$builder" "" devscripts lintian
	check "they build, and pass their tests" build "$builder" ""
	check "lintian finds no error" no_lintian_errors
	sed 's/^/# /' "$tmp/log"
	check "a newer version builds" build_newer
	check "what they depend on installs" prepare_install
	check "they install" install_packages "$version"
	check "what they bring works" works "$version"
	check "an upgrade" upgraded
	check "removal takes all but configuration" removed
	check "purging leaves nothing" nothing_left
	rm -rf "$builder" "$target"
}

((EUID == 0)) || skip "needs root"
type -P debootstrap apt-config >/dev/null || skip "debootstrap or apt is not installed"
suites=("$@")
((${#suites[@]})) || suites=(bookworm)
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$TOP/debian/changelog")
temp_dir
echo "1..$((10 * ${#suites[@]}))"
for suite in "${suites[@]}"; do
	test_suite
done
exit $failed
