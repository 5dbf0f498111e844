#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Are the layers what they are meant to be? Silent when they are.
#
#	- module/core/ calls nothing but itself, core/crypto.h and the symbols in
#	  core-symbols.txt, and every line of that file is needed
#	- no two files of the module call each other, not even over a third
#	- the version of the kernel is asked for in module/compat/ alone
#	- B53: nothing is compared in a way that ends at the first difference, but the lines
#	  in QUICK_LINES; objects of other files than QUICK_FILES do not call memcmp() either,
#	  and crypto_equal() is the kernel's crypto_memneq()
#
# The objects are built for the kernel headers in KDIR.

set -e
. "${0%/*}/lib.sh"

# What the compiler calls by itself, different with every kernel's configuration
COMPILER='__fentry__|__x86_.*|__stack_chk_fail|__ubsan_.*|__fortify_.*|fortify_panic|mem(cpy|set|move|cmp)'

QUICK='(memcmp|bcmp|memchr|memchr_inv|mem_is_zero|strn?cmp|strn?casecmp)'
# Timestamps are no secret, and the later one is wanted.
QUICK_LINES=('module/core/noise.c: if (memcmp(timestamp, hs->latest_timestamp, NOISE_TIMESTAMP_LEN) <= 0)')
# The same; and the kernel's hash tables, whose keys are public keys and session indices, in
# buckets of a random hash.
QUICK_FILES=(module/core/noise module/peerlookup)

complain()
{
	echo "$*"
	failed=1
}

build()
{
	make -C "$tmp" -j "$(nproc)" --no-print-directory modules KDIR="$kdir" DEBUG=1 \
		EXTRA=CONFIG_DEBUG_INFO_BTF_MODULES= >"$tmp/log" 2>&1 ||
		{ tail -n 20 "$tmp/log"; die "the module does not build"; }
}

# symbols TYPES: lines "file symbol" of the module's objects, of these types of nm
symbols()
{
	(cd "$tmp" && find module -name '*.o' -exec nm -A {} +) |
		sed -nE "s/^([^:]*)\.o:[0-9a-f ]* [$1] ([^ ]+)\$/\1 \2/p" | sort -u
}

# allowed_symbols: the list, a line with all the names of one thing
allowed_symbols()
{
	grep -v '^#' "$TOP/scripts/core-symbols.txt"
}

# What core wants and neither core nor crypto.c has
core_needs()
{
	awk '
		FNR == NR { if ($1 ~ /^module\/(core\/|crypto$)/) have[$2] = 1; next }
		$1 ~ /^module\/core\// && !($2 in have) { print $2 }
	' "$tmp/defined" "$tmp/undefined" | grep -vxE "$COMPILER" | LC_ALL=C sort -u
}

core_is_pure()
{
	local symbol names

	LC_ALL=C sort -cu <(allowed_symbols) || complain "scripts/core-symbols.txt: not sorted"
	core_needs >"$tmp/needs" || true
	while read -r symbol; do
		complain "module/core: new symbol $symbol, used by" \
			"$(sed -n "s/ $symbol\$//p" "$tmp/undefined" | grep ^module/core/ | xargs)"
	done < <(grep -vxFf <(allowed_symbols | tr ' ' '\n') "$tmp/needs")
	while read -r names; do
		grep -qxFf <(tr ' ' '\n' <<<"$names") "$tmp/needs" ||
			complain "scripts/core-symbols.txt: no longer used: $names"
	done < <(allowed_symbols)
}

# Lines "file file symbol": the first uses a symbol of the second
calls()
{
	awk '
		FNR == NR { home[$2] = $1; next }
		$2 in home && home[$2] != $1 { print $1, home[$2], $2 }
	' "$tmp/defined" "$tmp/undefined"
}

no_circles()
{
	local pair loop

	awk '
		{ uses[$1 " " $2] = uses[$1 " " $2] " " $3 }
		END {
			for (pair in uses) {
				split(pair, file, " ")
				back = file[2] " " file[1]
				if (file[1] < file[2] && back in uses)
					print file[1] " and " file[2] " call each other:" uses[pair] " |" uses[back]
			}
		}' "$tmp/calls" | sort >"$tmp/pairs"
	while read -r pair; do
		complain "$pair"
	done <"$tmp/pairs"
	[[ ! -s $tmp/pairs ]] || return 0
	loop=$(cut -d ' ' -f 1,2 "$tmp/calls" | sort -u | tsort 2>&1 >/dev/null |
		sed 's/^tsort: //' | grep -v 'input contains a loop' || true)
	[[ ! $loop ]] || complain "these files call each other in a circle:" "${loop//$'\n'/ }"
}

versions_in_compat_only()
{
	local lines

	lines=$(grep -rnE 'LINUX_VERSION_CODE|KERNEL_VERSION|HAVE_[A-Z]' "$tmp/module" \
		--include='*.[ch]' --exclude='*.mod.c' --exclude-dir=compat | sed "s,^$tmp/,,")
	[[ ! $lines ]] || complain "$lines"
}

quick_lines()
{
	local line

	while read -r line; do
		grep -qxF "$line" <<<"$(printf '%s\n' "${QUICK_LINES[@]}")" ||
			complain "may tell where secrets differ: $line"
	done < <(cd "$tmp" && grep -rE "\\b$QUICK\\(" module --include='*.[ch]' \
		--exclude='*.mod.c' --exclude-dir=selftest | sed -E 's/:[[:space:]]*/: /')
	for line in "${QUICK_LINES[@]}"; do
		grep -qF "${line#*: }" "$tmp/${line%%:*}" || complain "no longer there: $line"
	done
}

constant_time()
{
	local file symbol

	quick_lines
	while read -r file symbol; do
		[[ " ${QUICK_FILES[*]} " == *" $file "* ]] || complain "$file calls $symbol()"
	done < <(grep -E " (__(real_)?)?$QUICK\$" "$tmp/undefined" | grep -v ^module/selftest/)
	grep -A 3 '^bool crypto_equal' "$tmp/module/crypto.c" |
		grep -qF 'return !crypto_memneq(a, b, len);' ||
		complain "module/crypto.c: crypto_equal() is not crypto_memneq()"
}

need make nm tsort
kdir=$(kernel_headers)
temp_dir
failed=0
copy_module "$tmp"
build
# mytun.o is all of them together
symbols TDBRVWC >"$tmp/defined"
symbols U >"$tmp/undefined"
for file in $(cd "$tmp" && find module/core -name '*.c'); do
	grep -q "^${file%.c} " "$tmp/defined" || complain "$file is in no object of the module"
done
calls >"$tmp/calls"
core_is_pure
no_circles
versions_in_compat_only
constant_time
exit $failed
