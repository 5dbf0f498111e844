#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run a command in a virtual machine made of a kernel of fetch.sh and the tools
# of this machine.
#
#	run.sh [OPTION...] -- COMMAND [ARGUMENT...]
#	run.sh [OPTION...] --root IMAGE
#
#	--kernel NAME	a kernel that fetch.sh has fetched or registered (6.1)
#	--icount	count instructions: time in the guest is work done, idle time
#			costs nothing; one processor
#	--smp N		processors (2)
#	--mem M		memory (2G)
#	--timeout S	seconds until the guest is given up (600)
#	--add FILE:DEST	a file or folder of this machine, with the libraries of programs
#	--with PART	perf or python: not there otherwise
#	--modules NAMES	load these modules first
#	--append WORDS	more for the kernel's command line
#	--out DIR	leave there console.log (the command's output), kernel.log (the
#			kernel's at the end), kernel.console (its warnings as they came)
#			and what the command has put in /out
#	--allow-warn RE	lines of the kernel log that are no reason to fail
#	--root IMAGE	a file system (ext4, raw) with an init of its own, which is started in
#			place of the command, and changed
#
# In the guest are /selftests, /usr/bin/vpnctl, the plug-in for ip, mytun.ko and the tests' own modules
# (found by modprobe), as far as they are built; MYTUN_MODULE names another mytun.ko.
# "--append mytun.dyndbg=+p" switches the module's pr_debug on.
#
# With --root there is only what the image has. Its init finds the words that begin the last line in
# /run/vm-end, writes them to ttyS0 with a status behind them, as the command would end with it, and
# powers the machine off.
#
# The command's output comes as it is written; the exit status is the command's,
# or one that says what went wrong (the last lines of the logs are shown):
#
#	70	the kernel complained: WARN, BUG, Oops, KASAN, lockdep, ...
#	71	the guest ended without a result: a panic, or silently
#	72	the time was up
#	73	the guest could not be started

set -eE
trap 'exit 73' ERR
. "${0%/*}/lib.sh"
. "${0%/*}/initrd.sh"

# What the kernel writes when something is wrong with it
COMPLAINTS='WARNING: |BUG: |Oops|Call Trace:|Kernel panic|general protection fault|UBSAN: '
COMPLAINTS+='|refcount_t: |suspicious RCU|INFO: (task .* blocked|trying to register)'
COMPLAINTS+='|rcu.* (stall|self-detected)|soft lockup|waiting for .* to become free'
COMPLAINTS+='|kmemleak: .* suspected'

usage()
{
	sed -n '3,/^$/s/^#[ ]\{0,1\}//p' "$0" >&2
	exit 73
}

parse()
{
	kernel=6.1 smp=2 mem=2G timeout=600 icount='' modules='' append='' out='' allow='^$' image=''
	add=() with=() command=()
	while (($#)); do
		case $1 in
		--icount)
			icount=1; shift; continue ;;
		--)
			shift; command=("$@"); break ;;
		--*)
			(($# > 1)) || usage ;;&
		--kernel) kernel=$2 ;;
		--smp) smp=$2 ;;
		--mem) mem=$2 ;;
		--timeout) timeout=$2 ;;
		--add) add+=("$2") ;;
		--with) with+=("$2") ;;
		--modules) modules+=" $2" ;;
		--append) append+=" $2" ;;
		--out) out=$2 ;;
		--root) image=$2 ;;
		--allow-warn) allow+="|$2" ;;
		*) usage ;;
		esac
		shift 2
	done
	((${#command[@]})) || [[ $image ]] || usage
	[[ ! $icount ]] || smp=1
}

# own_folder: $tmp, in the cache, whose modules are linked to. Those go whose owners were killed:
# an owner, and its QEMU after it, hold the lock of their folder.
own_folder()
{
	local all own folder guests=$VM_CACHE/guests

	mkdir -p "$guests"
	exec {all}<"$guests"
	# None may be there without its owner's lock meanwhile
	flock "$all"
	for folder in "$guests"/*; do
		[[ ! -d $folder ]] || flock -n "$folder" rm -rf "$folder" || true
	done
	tmp=$(mktemp -d -p "$guests")
	trap cleanup EXIT
	exec {own}<"$tmp"
	flock "$own"
	exec {all}<&-
}

# take_slot: at most MYTUN_VM_GUESTS (2) guests of a cache run at once, first come,
# first served. QEMU inherits the lock, so that it holds until the guest is gone.
take_slot()
{
	local queue slot i waiting=

	exec {queue}>"$VM_CACHE/queue.lock"
	flock -n "$queue" || { waiting=1; say "waiting for other guests to end"; flock "$queue"; }
	while :; do
		for ((i = 1; i <= ${MYTUN_VM_GUESTS:-2}; i++)); do
			exec {slot}>"$VM_CACHE/slot.$i"
			! flock -n "$slot" || break 2
			exec {slot}>&-
		done
		[[ $waiting ]] || say "waiting for another guest to end"
		waiting=1
		sleep 0.5
	done
	exec {queue}>&-
}

# add_file FILE:DEST: into the folder $root
add_file()
{
	local file=${1%%:*} dest=${1#*:} libs

	[[ $dest == /* ]] || die "$1: the place in the guest must begin with /"
	# These are links in the archive of tools
	[[ ! $dest =~ ^/(bin|sbin|lib|lib64)/ ]] || dest=/usr$dest
	mkdir -p "$root${dest%/*}"
	cp -aLT "$file" "$root$dest"
	mapfile -t libs < <(libraries "$file")
	put "$root" "${libs[@]}"
}

# run_part FILE TREE: the archive with what is new in this run; TREE is that of
# modules_part
run_part()
{
	local root=$tmp/root item built vpnctl plugin

	built=("${MYTUN_MODULE:-$VM_DIR/out/$kernel/mytun.ko}" "$VM_DIR/out/$kernel/skb_shapes.ko")
	vpnctl=$VM_DIR/../../userspace/vpnctl
	plugin=$VM_DIR/../../userspace/iproute2/link_mytun.so
	mkdir -p "$root"/{vm,selftests}
	cp "$VM_DIR/init" "$root/init"
	printf '%s\0' "${command[@]}" >"$root/vm/command"
	echo "$modules" >"$root/vm/modules"
	echo "$end" >"$root/vm/end"
	[[ ! $image ]] || : >"$root/vm/root"
	tar -C "$VM_DIR/.." --exclude=./{vm,unit,fuzz} -cf - . | tar -C "$root/selftests" -xf -
	cp "$VM_DIR/../../README.md" "$root/selftests/"
	for item in "${!built[@]}"; do
		[[ -e ${built[item]} ]] || unset "built[item]"
	done
	((!${#built[@]})) || add_modules "$root" "$2" "${built[@]}"
	[[ ! -x $vpnctl ]] || add_file "$vpnctl:/usr/bin/vpnctl"
	[[ ! -e $plugin ]] || add_file "$plugin:$HOST_LIB/ip/link_mytun.so"
	for item in "${add[@]}"; do
		add_file "$item"
	done
	archive "$root" "$1"
}

make_initrd()
{
	local parts=() part modules_archive

	modules_archive=$(modules_part "$kernel")
	for part in tools "${with[@]}"; do
		part=$(host_part "$part")
		parts+=("$part")
	done
	run_part "$tmp/run" "$modules_archive.tree"
	cat "${parts[@]}" "$modules_archive" "$tmp/run" >"$tmp/initrd"
	rm -r "$tmp/root" "$tmp/run"
}

# start: QEMU in the background, its number in $qemu. The processor is without
# cmpxchg16b, which QEMU 7.2 emulates wrongly, and, but for the kernels that are to find
# faults, without what costs an emulator a fifth of its speed and the module does not use.
# Programs are at the same address each time (norandmaps), so that they are translated once:
# they start in a third of the time. A busy host is no reason to find the timer broken
# (no_timer_check).
start()
{
	local accel=(-accel 'tcg,thread=multi') disk=()
	local cpu=max,-erms,-fsrm,cx16=off,la57=off

	[[ $kernel == debug || $kernel == kcsan ]] || cpu+=,smap=off,smep=off,umip=off,pku=off
	[[ ! $icount ]] || accel=(-accel 'tcg,thread=single' -icount 'shift=0,sleep=off')
	[[ ! $image ]] || disk=(-drive "file=$image,format=raw,if=virtio,cache=unsafe")
	timeout --foreground -k 5 "$timeout" qemu-system-x86_64 \
		-M q35 "${accel[@]}" -cpu "$cpu" -smp "$smp" -m "$mem" \
		-nodefaults -no-user-config -no-reboot -display none \
		"${disk[@]}" -kernel "$dir/image" -initrd "$tmp/initrd" \
		-chardev "stdio,id=command,signal=off,logfile=$tmp/console.log" -serial chardev:command \
		-serial "file:$tmp/kernel.console" \
		-chardev "file,id=out,path=$tmp/out.virtio" \
		-device virtio-serial-pci -device virtserialport,chardev=out \
		-serial "file:$tmp/out.ttyS2" \
		-append "console=ttyS1 loglevel=5 log_buf_len=16M panic=-1 mitigations=off norandmaps no_timer_check tsc=reliable clocksource=tsc$append" \
		</dev/null &
	qemu=$!
}

# shellcheck disable=SC2317 # called by traps
cleanup()
{
	[[ ! ${qemu:-} ]] || kill "$qemu" 2>/dev/null || true
	rm -rf "$tmp"
}

# broke_early: a processor went on with a breakpoint that the kernel had put where it was
# rewriting its own code, and that before init began. This is QEMU's fault (init's
# hold_static_keys has the same), and nothing of ours has run.
broke_early()
{
	grep -q 'Oops: int3\|int3: 0000' "$tmp/kernel.console" &&
		! grep -q '^init begins' "$tmp/kernel.console"
}

# reached_init: false when the guest hangs before (seen with QEMU 7.2, at 1.4 s of the kernel's time),
# and nothing of ours has run
reached_init()
{
	local left=180

	case $kernel in
	debug) left=240 ;;
	kcsan) left=600 ;;
	esac
	until grep -q '^init begins' "$tmp/kernel.console"; do
		kill -0 "$qemu" 2>/dev/null || return 0
		((left-- > 0)) || return 1
		sleep 1
	done 2>/dev/null
}

# fail STATUS WORDS: show the ends of the logs
fail()
{
	say "$2 (kernel $kernel)"
	{
		echo "--- the command's last lines"
		tail -n 10 "$tmp/console.log"
		echo "--- the kernel's last lines"
		tail -n 60 "$tmp/kernel.console"
		echo "---"
	} >&2
	exit "$1"
}

# judge STATUS: what QEMU's end and the logs mean
judge()
{
	local status

	tr -d '\r\0' <"$tmp/kernel.console" >"$tmp/kernel.all"
	cat "$tmp/out/kernel.log" >>"$tmp/kernel.all" 2>/dev/null || true
	status=$(sed -n "s/^$end \([0-9]*\)\$/\1/p" "$tmp/console.log")
	[[ $1 != hung ]] || fail 73 "the guest hung before its init, three times"
	[[ $1 != 124 && $1 != 137 ]] || fail 72 "the guest did not end within $timeout s"
	(($1 == 0)) || fail 73 "QEMU failed with status $1"
	! grep -q 'Kernel panic' "$tmp/kernel.all" || fail 71 "the kernel panicked"
	[[ $status ]] || fail 71 "the guest ended without a result"
	if grep -qE "$COMPLAINTS" <<<"$(grep -avE "$allow" "$tmp/kernel.all")"; then
		say "the kernel complained; the command's status was $status (kernel $kernel)"
		grep -a -E -A 30 "$COMPLAINTS" "$tmp/kernel.all" | head -n 100 >&2
		exit 70
	fi
	exit "$status"
}

main()
{
	local status=0 try

	parse "$@"
	need qemu-system-x86_64 cpio depmod "${TOOLS_NEEDED[@]}"
	dir=$(kernel_dir "$kernel")
	own_folder
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	end="run.sh $RANDOM$RANDOM: exit"
	make_initrd
	take_slot
	for try in 1 2 3; do
		status=0
		start
		if reached_init; then
			wait "$qemu" || status=$?
			broke_early || break
			say "QEMU broke the kernel while it booted (try $try)"
		else
			kill "$qemu"
			wait "$qemu" || true
			status=hung
			say "the guest hung before its init (try $try)"
		fi
	done
	qemu=
	mkdir -p "$tmp/out"
	cat "$tmp/out.virtio" "$tmp/out.ttyS2" | tar -C "$tmp/out" -xf - 2>/dev/null || true
	[[ ! $out ]] || { mkdir -p "$out" && cp -a "$tmp"/{out/.,console.log,kernel.console} "$out/"; }
	judge "$status"
}

# Read to the end before it starts: the file may change meanwhile
main "$@"
