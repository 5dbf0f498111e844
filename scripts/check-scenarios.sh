#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does docs/testing.md name only what exists? Silent when it does.
#
#	- the tables have a row for each of E1 to E60 and B1 to B55
#	- scripts, programs and functions that a row names are there
#	- a script that a row names with a check in quotation marks has that check
#
# docs/security.md and docs/features.md are held to the same, but for the rows.

set -e
. "${0%/*}/lib.sh"

complain()
{
	echo "docs/$doc.md: $*"
	failed=1
}

# numbers: of the scenarios that have a row, those of ranges as "B22-B30" one by one
numbers()
{
	local row letter first last number

	while read -r row; do
		letter=${row:0:1} first=${row#?} last=${row#?}
		[[ $row != *-* ]] || { first=${row%-*} first=${first#?} last=${row##*-?}; }
		for ((number = first; number <= last; number++)); do
			echo "$letter$number"
		done
	done < <(sed -nE 's/^\| ([EB][0-9]+(-[EB][0-9]+)?) \|.*/\1/p' "docs/$doc.md")
}

all_numbers()
{
	local wanted

	wanted=$(printf '%s\n' E{1..60} B{1..55} | sort)
	numbers | sort | diff <(echo "$wanted") - >"$tmp/diff" || true
	while read -r side number; do
		case $side in
		"<") complain "$number has no row" ;;
		">") complain "$number has a row too many" ;;
		esac
	done <"$tmp/diff"
}

# Whatever looks like the name of a script, or of a test in C
names()
{
	local name

	while read -r name; do
		grep -q "/${name##*/}\$" "$tmp/files" || complain "there is no $name"
	done < <(grep -oE '[a-z][a-z0-9_/.-]*\.(sh|py)\b' "docs/$doc.md" | sort -u)
	while read -r name; do
		grep -qE "/$name(\.c|\.sh|\.py)?\$" "$tmp/files" || has_function "$name" ||
			complain "there is no $name"
	done < <(words | sort -u)
}

# words: what is named as a program or a function
words()
{
	grep -oE '\b(test|fuzz)_[a-z0-9_]+' "docs/$doc.md"
	# shellcheck disable=SC2016 # Markdown's
	grep -E '^\|' "docs/$doc.md" | grep -oE '`[a-z][a-z0-9_]*(\(\))?`' | tr -d '`()'
}

# has_function NAME: in C, in Python or in a script
has_function()
{
	grep -qE "(^|[^a-zA-Z0-9_])$1\(" "$tmp/text"
}

# A row may say: tunnel.sh "E3", "E8: outer v4", "E10: ...", and each stands in the script
quoted()
{
	local line script part

	while read -r line; do
		script=''
		while read -r part; do
			case $part in
			*.sh) script=$(grep "/$part\$" "$tmp/files" | sed -n 1p) ;;
			\"*)
				part=${part//\"/}
				part=${part%" ..."}
				[[ ! $script ]] || grep -qwF "${part%%: ...}" <<<"$(grep -v '^#' "$script")" ||
					complain "$script has no \"$part\"" ;;
			esac
		done < <(grep -oE '[a-z_-]+\.sh|"[^"]+"' <<<"$line")
	done < <(grep -E '^\|.*\.sh' "docs/$doc.md")
}

cd "$TOP"
temp_dir
failed=0
sources sh py c h | sed 's,^,/,' >"$tmp/names"
sed "s,^/,$TOP/," "$tmp/names" >"$tmp/files"
xargs cat <"$tmp/files" >"$tmp/text"
doc=testing
all_numbers
for doc in testing security features; do
	names
	quoted
done
exit $failed
