#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build a kernel of our own from Debian's linux-source-6.1, and put it in the
# cache under the name of its configuration.
#
#	build-kernel.sh debug|kcsan
#
# The configuration is allnoconfig, guest.config, and NAME.config. It takes a
# quarter of an hour on two cores (JOBS=2), and a line each minute says how far
# it has got. Afterwards "run.sh --kernel NAME" boots it and "build.sh NAME"
# builds the module for it.
#
# A kernel that was made of this configuration is left as it is, without any
# network. After a change only what depends on it is compiled again. The source
# is fetched once; "build-kernel.sh --again NAME" looks for a newer one.

set -e
. "${0%/*}/lib.sh"
. "${0%/*}/apt.sh"

PACKAGE=linux-source-6.1
SUITE=bookworm
JOBS=${JOBS:-2}
# Files of an allnoconfig with all this, for the progress only
OBJECTS=2100

usage()
{
	sed -n '3,/^$/s/^#[ ]\{0,1\}//p' "$0" >&2
	exit 1
}

# fetch_source: the newest source of the suite in the cache, others gone. A
# folder that carries its version is complete.
fetch_source()
{
	local version dir new

	suite_use "$SUITE"
	version=$(apt-cache "${SUITE_OPTS[@]}" show --no-all-versions "$PACKAGE" |
		sed -n 's/^Version: //p')
	[[ $version ]] || die "no $PACKAGE in $SUITE"
	dir=$VM_CACHE/source/$version
	[[ ! -d $dir ]] || return 0
	new=$VM_CACHE/source/new
	rm -rf "$new"
	suite_get "$new/package" "$PACKAGE"
	say "unpacking $PACKAGE $version"
	mkdir "$new/tree"
	tar -C "$new/tree" --strip-components=1 -xf "$new/package/usr/src/$PACKAGE.tar.xz"
	find "$VM_CACHE/source" -mindepth 1 -maxdepth 1 ! -name new -exec rm -rf {} +
	mv "$new/tree" "$dir"
	rm -rf "$new"
}

# source_dir: print the folder of the source that is in the cache
source_dir()
{
	find "$VM_CACHE/source" -mindepth 1 -maxdepth 1 ! -name new 2>/dev/null | sed -n 1p
}

# configuration: print what is wanted, as lines of a .config
configuration()
{
	grep -hE '^(# )?CONFIG_' "$VM_DIR/guest.config" "$VM_DIR/$name.config"
}

# kmake ARGUMENT...: make in the build's folder; the time and name of this
# machine do not get in
kmake()
{
	nice make -C "$source" O="$build" -j "$JOBS" ARCH=x86_64 \
		KBUILD_BUILD_TIMESTAMP="Thu Jan  1 00:00:00 UTC 1970" \
		KBUILD_BUILD_USER=selftests KBUILD_BUILD_HOST=guest \
		LOCALVERSION="-$name" "$@"
}

# configure: die if the kernel will not have what is wanted
configure()
{
	local line lost=()

	configuration >"$build/wanted"
	# The folder's own file stays if nothing is different: make looks at its time
	kmake -s KCONFIG_CONFIG=.config.new KCONFIG_ALLCONFIG="$build/wanted" allnoconfig \
		>"$build/configure.log" 2>&1 ||
		{ cat "$build/configure.log" >&2; die "make allnoconfig failed"; }
	while read -r line; do
		grep -Fqx "$line" "$build/.config.new" ||
			{ [[ $line == "# "* ]] && ! grep -q "^${line:2:-11}=" "$build/.config.new"; } ||
			lost+=("$line")
	done <"$build/wanted"
	((${#lost[@]} == 0)) || die "these have no effect: ${lost[*]}"
	cmp -s "$build/.config.new" "$build/.config" || cp "$build/.config.new" "$build/.config"
	rm -f "$build/.config.new" "$build/.config.new.old"
}

# progress PID: a line each minute until the process ends
progress()
{
	local objects begin=$SECONDS next=$((SECONDS + 60))

	while kill -0 "$1" 2>/dev/null; do
		sleep 1
		((SECONDS >= next)) || continue
		next=$((next + 60))
		objects=$(grep -c '^  \(CC\|AS\|AR\|LD\)  ' "$build/build.log")
		say "$name: $(((SECONDS - begin) / 60)) min, $objects of about $OBJECTS steps"
	done
}

# compile: the log is shown only when it goes wrong
compile()
{
	local maker

	: >"$build/build.log"
	kmake bzImage modules >"$build/build.log" 2>&1 &
	maker=$!
	progress "$maker"
	wait "$maker" || { tail -n 30 "$build/build.log" >&2; die "make failed (kernel $name)"; }
	# run.sh and build.sh take it by fetch.sh's rules: no modules beside it
	kmake -s modules_prepare >>"$build/build.log" 2>&1
}

[[ ${1:-} == --again ]] && { again=1; shift; }
name=${1:-}
[[ $name && $name != guest && $# == 1 && -e $VM_DIR/$name.config ]] || usage
lock "kernel-source"
source=$(source_dir)
build=$VM_CACHE/kernel/$name
built=$VM_CACHE/kernels/$name/built-from
made_of=$(configuration | sha256sum | cut -c 1-16)
if [[ ! ${again:-} && $source && $(cat "$built" 2>/dev/null) == "$made_of ${source##*/}" ]]; then
	exit 0
fi
need apt-get apt-cache bc bison dpkg flex gcc make nice tar xz
if [[ ${again:-} || ! $source ]]; then
	fetch_source
	source=$(source_dir)
fi
mkdir -p "$build"
# Its files name the source that they were made of
[[ $(cat "$build/source-version" 2>/dev/null) == "${source##*/}" ]] || {
	rm -rf "$build"
	mkdir -p "$build"
	echo "${source##*/}" >"$build/source-version"
}
configure
say "building kernel $name from ${source##*/}, $JOBS at a time; $build/build.log"
compile
"$VM_DIR/fetch.sh" "$name" "$build/arch/x86/boot/bzImage" "" "$build"
echo "$made_of ${source##*/}" >"$built"
