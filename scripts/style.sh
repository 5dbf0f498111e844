#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The style of everything: silent when it is right.
#
#	C		checkpatch --strict, clang-format (indentation), no trailing space
#	module		kernel-doc, the kernel's rules for coccinelle
#	scripts		shellcheck
#	all text	codespell
#	docs		what they name is there (check-scenarios.sh)
#	mutants		the patches of check-mutants.sh apply

set -e
. "${0%/*}/lib.sh"

# Headers that stand in for the kernel's define just what checkpatch wants to be used
SHIM=PREFER_DEFINED_ATTRIBUTE_MACRO,COMPLEX_MACRO,INIT_ATTRIBUTE,NEW_TYPEDEFS,SPACING,CAMELCASE
SHIM+=,MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE,AVOID_BUG,MACRO_WITH_FLOW_CONTROL
# User space has no u8, no BUG to avoid, libraries with names of their own, and
# signal handlers
USERSPACE=PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,CAMELCASE,AVOID_BUG,ARRAY_SIZE,VOLATILE
# Rules that do not apply: for drivers of hardware; in need of an OCaml compiler
# (badzero); against functions that return with a lock held (double_lock)
NO_RULES='devm_|platform_|pm_runtime|clk_|bq27|device_node|of_table|iounmap|resource_size|pci_|irqf_'
NO_RULES+='|badzero|double_lock'

# run COMMAND...: what it says goes on, and says that something is wrong
run()
{
	local output status=0

	output=$("$@" 2>&1) || status=$?
	[[ $output || $status == 0 ]] || output="$* ended with status $status"
	[[ $output ]] || return 0
	echo "$output"
	failed=1
}

checkpatch()
{
	local ignore=()

	case $1 in
	selftests/unit/shim*/*) ignore=(--ignore "$SHIM") ;;
	userspace/* | selftests/*) ignore=(--ignore "$USERSPACE") ;;
	esac
	"$scripts/checkpatch.pl" --root="$tmp" -q --terse --show-types --no-summary \
		"${ignore[@]}" -f "$1"
}

# each FUNCTION: call it with each line of the input, some at once
each()
{
	xargs -P "$(nproc)" -I '{}' bash -c "$1 {}"
}

checkpatch_all()
{
	printf '%s\n' "${c_files[@]}" | each checkpatch
}

kernel_doc()
{
	"$scripts/kernel-doc" -none -Werror "$@"
}

# coccinelle RULE: over the module
coccinelle()
{
	local options

	options=$(sed -n 's,^// Options: ,,p' "$1" | sed 's/.LINUXINCLUDE//')
	# shellcheck disable=SC2086 # words
	spatch -D report --very-quiet --no-show-diff $options --cocci-file "$1" --dir module \
		2>"$tmp/spatch.$$" || cat "$tmp/spatch.$$"
}

coccinelle_all()
{
	grep -rl 'virtual report' "$scripts/coccinelle" | grep -vE "$NO_RULES" | sort | each coccinelle
}

# shell_scripts: by name, and by first line
shell_scripts()
{
	local file first

	while read -r file; do
		case $file in
		*.sh) echo "$file" ;;
		*)
			IFS= read -r first <"$file" || true
			[[ ! $first =~ ^'#!'.*[/\ ](ba)?sh$ ]] || echo "$file" ;;
		esac
	done < <(sources)
}

mutants()
{
	local file

	for file in selftests/mutants/*.patch; do
		patch -s -p 1 --dry-run <"$file" || echo "$file does not apply"
	done
}

need patch shellcheck clang-format codespell spatch perl python3 git
temp_dir
mkdir "$tmp/include"
scripts=$("${0%/*}/kernel-scripts.sh")
cd "$TOP"
failed=0
mapfile -t c_files < <(sources c h)
mapfile -t module_files < <(sources c h | grep ^module/)
mapfile -t shell_files < <(shell_scripts)
mapfile -t all_files < <(sources | grep -v ^selftests/fuzz/corpus/)
((${#c_files[@]} && ${#module_files[@]} && ${#shell_files[@]})) || die "found no sources: is this a git checkout?"

# For each()
export -f checkpatch coccinelle
export scripts tmp SHIM USERSPACE
run checkpatch_all
run kernel_doc "${module_files[@]}"
run scripts/indent.py "${c_files[@]}"
run shellcheck -x "${shell_files[@]}"
run codespell --ignore-words scripts/spelling-ok.txt "${all_files[@]}"
run scripts/check-scenarios.sh
run mutants
run coccinelle_all
exit $failed
