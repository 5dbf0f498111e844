#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Do the units of the Debian packages do what they promise, under a systemd that has booted them?
#
#	test-systemd.sh [FOLDER]
#
# A small bookworm with the packages, the module built by DKMS (in a chroot, as the guest would take
# too long), and a tunnel that is enabled, boots twice in a virtual machine with Debian's kernel 6.1;
# selftests/systemd/checks.sh says what is checked there. The packages are those in FOLDER, or built
# for the purpose. Chroots come from this machine's mirror; nothing is installed on the machine and
# nothing is loaded. As root.

set -e
. "${0%/*}/lib.sh"
. "$TOP/selftests/vm/lib.sh"
. "$TOP/selftests/vm/apt.sh"
. "$TOP/scripts/chroot-lib.sh"

IMAGE_SIZE=3G	# sparse
BOOT_TIMEOUT=900

skip()
{
	echo "1..0 # SKIP systemd: $*"
	exit 4
}

# logged NAME COMMAND...: its output in a file, and shown if it fails
logged()
{
	local status

	say "$1"
	# Not behind ||, where a command that fails would not end it
	set +e
	(set -e; "${@:2}") >"$tmp/log" 2>&1 </dev/null
	status=$?
	set -e
	((status == 0)) || { tail -n 40 "$tmp/log" >&2; die "$1: failed"; }
}

# build_packages: into $debs
build_packages()
{
	local builder=$tmp/builder

	prepare_build "$builder" nocheck
	build "$builder" nocheck
	mkdir "$debs"
	mv "$builder"/build/*.deb "$debs/"
	rm -r "$builder"
}

# put_kernel: the modules of the guest's kernel, for which DKMS builds
put_kernel()
{
	local to=$target/lib/modules/$release

	mkdir -p "$to"
	cp -r --no-preserve=ownership "$(realpath "$kernel/modules")/." "$to.new"
	# build and source lead to the headers in the chroot
	cp -an "$to/." "$to.new"
	rm -r "$to"
	mv "$to.new" "$to"
	in_chroot "$target" depmod "$release"
}

# install_packages: with what the checks call, as an administrator would do
install_packages()
{
	kept_chroot "$target" systemd-sysv udev dkms "linux-headers-$release" kmod iproute2 nftables \
		procps iputils-ping socat
	put_kernel
	mkdir -p "$target/var/lib/mytun-test"
	cp "$debs/vpnctl_${version}_"*.deb "$debs/mytun-dkms_${version}_all.deb" \
		"$target/var/lib/mytun-test/"
	in_chroot "$target" apt-get -y -q update
	in_chroot "$target" sh -c 'apt-get -y -q install /var/lib/mytun-test/*.deb'
	[[ $(in_chroot "$target" dkms status mytun -k "$release") == *installed* ]]
}

# put_tunnel: /etc/vpnctl/mt0.conf and what checks.sh expects of the other end
put_tunnel()
{
	local keep=$target/var/lib/mytun-test key

	umask 077
	key=$(in_chroot "$target" vpnctl genkey)
	in_chroot "$target" vpnctl genkey >"$keep/other.key"
	in_chroot "$target" sh -c "echo $key | vpnctl pubkey" >"$keep/host.pub"
	cat >"$target/etc/vpnctl/mt0.conf" <<-END
		[Interface]
		PrivateKey = $key
		Address = 10.9.0.1/24, fd09::1/64
		ListenPort = 51820
		[Peer]
		PublicKey = $(in_chroot "$target" vpnctl pubkey <"$keep/other.key")
		AllowedIPs = 0.0.0.0/0, ::/0
		Endpoint = other.test:51820
	END
	umask 022
	printf '%s\n' '127.0.0.1 localhost' '10.0.0.2 other.test' >"$target/etc/hosts"
}

# prepare_boot: what the guest boots into: our units enabled, the checks, a journal that lasts
prepare_boot()
{
	local to=$target/selftests/systemd

	mkdir -p "$to" "$target/var/log/journal"
	cp "$TOP"/selftests/lib.sh "$target/selftests/"
	cp "$TOP"/selftests/systemd/*.sh "$to/"
	cp "$TOP"/selftests/systemd/*.service "$target/etc/systemd/system/"
	in_chroot "$target" systemctl enable vpnctl@mt0 vpnctl-agent mytun-before mytun-test
	# ttyS1 is the kernel's alone
	in_chroot "$target" systemctl mask serial-getty@ttyS1
	rm "$target/usr/sbin/policy-rc.d" "$target"/etc/apt/apt.conf.d/0*
	rm -rf "$target"/var/{cache/apt,lib/apt/lists}/* "$target"/usr/src/linux-*
	echo guest >"$target/etc/hostname"
	: >"$target/etc/resolv.conf"
}

make_image()
{
	truncate -s "$IMAGE_SIZE" "$tmp/image"
	mkfs.ext4 -q -F -d "$target" "$tmp/image"
	rm -r "$target"
}

# boot NAME: once, with the checks of this boot; false unless all went well
boot()
{
	local start=$SECONDS status=0

	echo "# $1 boot"
	nice -n 10 "$TOP/selftests/vm/run.sh" --kernel 6.1 --timeout "$BOOT_TIMEOUT" --root "$tmp/image" \
		--append "mytun.dyndbg=+p systemd.log_color=0" &
	guest=$!
	wait "$guest" || status=$?
	guest=
	echo "# $1 boot: status $status, $((SECONDS - start)) s, with the time in the queue"
	((status == 0))
}

# shellcheck disable=SC2317 # called by a trap
cleanup()
{
	[[ ! $guest ]] || kill "$guest" 2>/dev/null || true
	rm -rf "$tmp"
}

((EUID == 0)) || skip "needs root"
type -P debootstrap apt-config mkfs.ext4 qemu-system-x86_64 >/dev/null ||
	skip "debootstrap, apt, e2fsprogs or QEMU is not installed"
suite=bookworm
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$TOP/debian/changelog")
"$TOP/selftests/vm/fetch.sh" 6.1
kernel=$(kernel_dir 6.1)
release=$(<"$kernel/release")
temp_dir
guest=
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
target=$tmp/target debs=${1:-$tmp/debs}
[[ ${1:-} ]] || logged "building the packages" build_packages
logged "installing them" install_packages
put_tunnel
logged "enabling the tunnel" prepare_boot
logged "making an image" make_image
failed=0
boot first || failed=1
# Without a first boot there is nothing that a second one could find
((failed)) || boot second || failed=1
exit $failed
