# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The parts of a guest's initramfs, cpio archives that the kernel unpacks one
# after the other:
#
#	tools	the host's own tools with their libraries	cached
#	perf	perf, on demand					cached
#	python	python3 and its library, on demand		cached
#	modules	what a network test may want of the kernel's	cached with the kernel
#	run	init, the command, the files under test		made for each run
#
# Sourced after lib.sh. The functions that print a name hold a lock until the
# subshell ends in which they were called: name=$(host_part tools).

TOOLS=(
	bash sh
	# coreutils
	base64 basename cat chmod chown cksum comm cp cut date dd df dirname du
	echo env expr false head id install kill ln ls md5sum mkdir mkfifo mknod mktemp
	mv nproc od paste printenv printf readlink realpath rm rmdir seq
	sha256sum shuf sleep sort split stat stdbuf stty sync tac tail tee test
	timeout touch tr true tty uname uniq wc yes
	# text and files
	awk cmp diff find getopt grep gzip jq sed tar xargs
	# util-linux, procps, kmod
	chrt dmesg flock free insmod lsmod modinfo modprobe mount mountpoint
	nsenter pgrep pkill ps rmmod script setpriv setsid switch_root sysctl taskset top
	umount unshare uptime vmstat
	# network
	bridge conntrack ethtool ip iperf3 nft nstat ping socat ss tc tcpdump
	iptables iptables-save iptables-restore ip6tables
	iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft
	wg wg-quick wireguard-go
	# when they are there
	ncat strace
)
# Without these there is no guest; the others are for the tests to ask for
# shellcheck disable=SC2034 # used by run.sh
TOOLS_NEEDED=(bash cat dmesg insmod ip mkdir modprobe mount stty tar)

# What tools open by name while they run
HOST_LIB=/usr/lib/x86_64-linux-gnu
TOOL_FILES=(
	/etc/iproute2 /usr/share/iproute2 /usr/lib/iproute2 /usr/lib/tc
	/etc/protocols /etc/services /usr/libexec/coreutils
	"$HOST_LIB"/{tc,xtables,libgcc_s.so.1}
)

# Modules that the test of a tunnel may want: folders of kernel/ (and all that
# the modules in them depend on)
MODULE_DIRS=(
	net/{netfilter,ipv4,ipv6,sched,xfrm,core,8021q,bridge,key,packet,netlink}
	crypto arch/x86/crypto lib drivers/virtio
	drivers/block/virtio_blk.ko drivers/char/virtio_console.ko
	drivers/net/{wireguard,vxlan,ovpn,amt.ko,bareudp.ko,dummy.ko,geneve.ko}
	drivers/net/{ifb.ko,macsec.ko,macvlan.ko,nlmon.ko,tun.ko,veth.ko,vrf.ko}
)

# libraries FILE...: the shared libraries that ELF files load
libraries()
{
	ldd "$@" 2>/dev/null | sed -nE 's,^[^/]*(/[^ ]+) \(0x.*,\1,p' | sort -u
}

# put DIR FILE...: copy files of the host to the same places below DIR. A link
# becomes the file and a link to it; /lib and the like are in /usr.
put()
{
	local dir=$1 file real

	for file in "${@:2}"; do
		real=$(realpath "$file")
		file=$(realpath "${file%/*}")/${file##*/}
		mkdir -p "$dir${real%/*}" "$dir${file%/*}"
		[[ -e $dir$real ]] || cp -a "$real" "$dir$real"
		[[ -e $dir$file || -L $dir$file ]] || ln -s "$real" "$dir$file"
	done
}

# archive DIR FILE: the folder as a cpio archive, seen by others when complete
archive()
{
	(cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio --quiet -0 -o -H newc -R 0:0) >"$2.new"
	mv "$2.new" "$2"
}

# merged_usr DIR: the links that every Debian has at the top
merged_usr()
{
	local name

	for name in bin sbin lib lib64; do
		mkdir -p "$1/usr/$name"
		ln -sfn "usr/$name" "$1/$name"
	done
}

# users DIR: tcpdump wants a user to change to: another name for root
users()
{
	mkdir -p "$1/etc"
	printf '%s:x:%d:%d::/:/bin/bash\n' root 0 0 tcpdump 0 0 nobody 65534 65534 >"$1/etc/passwd"
	printf '%s:x:%d:\n' root 0 tcpdump 0 nogroup 65534 >"$1/etc/group"
	printf '%s localhost guest\n' 127.0.0.1 ::1 >"$1/etc/hosts"
}

# host_files PART: the files of the host that make a part
host_files()
{
	local tools=("${TOOLS[@]}") files=("${TOOL_FILES[@]}") name

	case $1 in
	perf)
		tools=(perf) files=() ;;
	python)
		tools=(python3)
		files=("$(/usr/bin/python3 -I -c 'import os; print(os.path.dirname(os.__file__))')") ;;
	esac
	for name in "${tools[@]}"; do
		PATH=$VM_PATH type -P "$name" || [[ $1 == tools ]] || die "missing on this machine: $name"
	done
	ls -d "${files[@]}" 2>/dev/null || true
}

# host_part PART: print the name of the archive of a part, made when the host's
# files are not those that it was made of
host_part()
{
	local files libs key dir file

	files=$(host_files "$1")
	mapfile -t files <<<"$files"
	key=$({
		stat -L -c '%n %s %Y' "${files[@]}"
		declare -f host_part put users
	} | sha256sum | cut -c 1-16)
	file=$VM_CACHE/initrd/$1-$key
	echo "$file"
	mkdir -p "$VM_CACHE/initrd"
	lock "initrd-$1"
	[[ ! -e $file ]] || { touch "$file"; return; }

	say "packing $1"
	find "$VM_CACHE/initrd" -name "$1-*" -mtime +3 -delete
	dir=$(mktemp -d -p "$VM_CACHE/initrd")
	merged_usr "$dir"
	users "$dir"
	put "$dir" "${files[@]}"
	# Of python's library: not its tests and not what builds programs
	rm -rf "$dir"/usr/lib/python3*/{config-*,test,idlelib,ensurepip,lib2to3,pydoc_data,unittest/test}
	mapfile -t files < <(find "$dir" -name '*.so*' -o -path '*bin/*')
	mapfile -t libs < <(libraries "${files[@]}")
	put "$dir" "${libs[@]}"
	archive "$dir" "$file"
	rm -r "$dir"
}

# module_files: of the modules below the current folder those of MODULE_DIRS
# and their dependencies
module_files()
{
	awk -v dirs="${MODULE_DIRS[*]}" '
		BEGIN { split(dirs, dir, " ") }
		{
			for (i in dir)
				if (index($1, "kernel/" dir[i]) == 1) {
					for (field = 1; field <= NF; field++) {
						sub(":$", "", $field)
						print $field
					}
					next
				}
		}' modules.dep | sort -u
}

# copy_modules FROM TO RELEASE: copy the wanted modules, not compressed
copy_modules()
{
	local from=$1 to=$2 all files

	mkdir -p "$VM_CACHE/initrd"
	all=$(mktemp -d -p "$VM_CACHE/initrd")
	mkdir -p "$all/lib/modules"
	cp -rs "$(realpath "$from")" "$all/lib/modules/$3"
	depmod -b "$all" "$3"
	mapfile -t files < <(cd "$all/lib/modules/$3" && module_files)
	(cd "$all/lib/modules/$3" &&
		cp -L --parents "${files[@]}" modules.{order,builtin,builtin.modinfo} "$to")
	find "$to" -name '*.ko.xz' -exec unxz {} +
	find "$to" -name '*.ko.zst' -exec unzstd -q --rm {} +
	rm -r "$all"
}

# modules_part KERNEL: print the name of the archive of a kernel's modules. The
# same files lie in a folder beside it, of that name and ".tree".
modules_part()
{
	local dir file key release tree

	dir=$(kernel_dir "$1")
	release=$(<"$dir/release")
	key=$({
		stat -L -c %Y "$dir/modules" 2>/dev/null || true
		declare -p MODULE_DIRS
		declare -f modules_part copy_modules module_files
	} | sha256sum | cut -c 1-16)
	file=$dir/modules-$key
	echo "$file"
	lock "kernel-$1"
	[[ ! -e $file ]] || return 0

	say "packing the modules of $1"
	tree=$file.tree
	rm -rf "$tree"
	merged_usr "$tree"
	mkdir -p "$tree/usr/lib/modules/$release"
	if [[ -e $dir/modules ]]; then
		copy_modules "$dir/modules" "$tree/usr/lib/modules/$release" "$release"
	else
		touch "$tree/usr/lib/modules/$release"/modules.{order,builtin,builtin.modinfo}
	fi
	depmod -b "$tree" "$release"
	archive "$tree" "$file"
}

# add_modules DIR TREE MODULE.ko...: below DIR, these modules and the lists of
# depmod that know them beside those of modules_part's TREE
add_modules()
{
	local dir=$1 tree=$2 release

	release=$(ls "$tree/usr/lib/modules")
	mkdir -p "$dir/usr/lib/modules"
	cp -rl "$tree/usr/lib/modules/$release" "$dir/usr/lib/modules/"
	cp --remove-destination -t "$dir/usr/lib/modules/$release" "${@:3}"
	# depmod writes new files, so the originals stay as they are
	ln -s usr/lib "$dir/lib"
	depmod -b "$dir" "$release"
	rm "${dir:?}/lib"
	find "$dir/usr/lib/modules" -type f -links +1 -delete
}
