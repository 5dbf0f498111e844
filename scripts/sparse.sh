#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every file of the module through sparse and the compiler's W=1, with and
# without DEBUG. Silent when all is well. KDIR names the kernel headers.

set -e
. "${0%/*}/lib.sh"

# check_build DIR MAKE-ARGUMENT...: complain about what names our files
check_build()
{
	local dir=$1 status=0

	shift
	make -C "$dir" -j "$(nproc)" --no-print-directory modules KDIR="$kdir" W=1 C=2 \
		CF=-D__CHECK_ENDIAN__ EXTRA=CONFIG_DEBUG_INFO_BTF_MODULES= "$@" >"$dir/log" 2>&1 ||
		status=$?
	# Paths as they are in the tree; the lines that make prints of its own go
	sed -i "s,$dir/,,g" "$dir/log"
	if grep -E '^(module/|mytun)[^ ]*:[0-9]+' "$dir/log"; then
		failed=1
	elif ((status)); then
		failed=1
		tail -n 20 "$dir/log"
	fi
	sed -nE 's/^ +CHECK +(module\/.*\.c)$/\1/p' "$dir/log" >>"$tmp/checked"
}

# included FILE: is it part of another file, which is checked?
included()
{
	grep -rqsF "include \"${1##*/}\"" --include='*.c' "$tmp/plain/module"
}

# A checker that has not run finds nothing
all_checked()
{
	local file

	while read -r file; do
		grep -Fqx "$file" "$tmp/checked" || included "$file" ||
			{ echo "$file: sparse has not seen this file"; failed=1; }
	done < <(cd "$tmp/plain" && find module -name '*.c' ! -name '*.mod.c' | sort)
	[[ -s $tmp/checked ]] || { echo "sparse has not run"; failed=1; }
}

need sparse make
kdir=$(kernel_headers)
temp_dir
failed=0
for variant in plain debug; do
	copy_module "$tmp/$variant"
done
check_build "$tmp/plain"
check_build "$tmp/debug" DEBUG=1
all_checked
exit $failed
