#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Install what building and testing need, from the list in scripts/packages.
#
#	deps.sh [GROUP...]	(without: build guest test style; there are bench, package and port, too)
#
# What is there already is left as it is, and without anything missing neither
# root nor the network is asked for.

set -e
. "${0%/*}/lib.sh"

# installed PACKAGE
installed()
{
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# choose A|B...: the one that is installed, else the first that apt knows
choose()
{
	local name names

	IFS='|' read -ra names <<<"$1"
	for name in "${names[@]}"; do
		! installed "$name" || { echo "$name"; return; }
	done
	for name in "${names[@]}"; do
		[[ ! $(apt-cache madison "$name" 2>/dev/null) ]] || { echo "$name"; return; }
	done
	echo "${names[0]}"
}

# wanted GROUP...: the packages of these groups
wanted()
{
	local group word

	for group; do
		grep -q "^$group	" "$TOP/scripts/packages" || die "no group $group in scripts/packages"
		sed -n "s/^$group	//p" "$TOP/scripts/packages" | tr ' ' '\n' |
			while read -r word; do choose "$word"; done
		# clang's runtimes are a package of their own, and their number is clang's
		[[ $group != test ]] || echo "libclang-rt-$(clang_version)-dev"
	done
}

clang_version()
{
	local package

	package=$(apt-cache depends clang 2>/dev/null | sed -nE 's/.*Depends: clang-([0-9]+)$/\1/p' | sed -n 1p)
	echo "${package:-14}"
}

# missing: of the names on standard input those that are not installed
missing()
{
	local name

	while read -r name; do
		installed "$name" || echo "$name"
	done
}

apt()
{
	DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}

groups=("$@")
((${#groups[@]})) || groups=(build guest test style)
if ! type -P apt-get dpkg-query >/dev/null; then
	say "not Debian: please see to it that these are there (names are Debian's):"
	grep -v '^#' "$TOP/scripts/packages" | cut -f 2 | tr ' ' '\n' | sed 's/^/  /' | sort -u >&2
	exit 1
fi

# Without package lists, apt cannot say which of several names exists
if ((EUID == 0)) && [[ ! $(apt-cache madison build-essential 2>/dev/null) ]]; then
	say "reading apt's package lists"
	apt -qq update
fi
mapfile -t packages < <(wanted "${groups[@]}" | sort -u | missing)
if ((${#packages[@]})); then
	((EUID == 0)) || die "missing, and installing them needs root: ${packages[*]}"
	say "installing ${packages[*]}"
	apt -qq update
	apt -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 install "${packages[@]}" \
		>"${TMPDIR:-/tmp}/mytun-deps.log" 2>&1 </dev/null || {
		tail -n 30 "${TMPDIR:-/tmp}/mytun-deps.log" >&2
		die "apt-get failed"
	}
fi
# The guest may need what this release of Debian does not have as a package
if [[ " ${groups[*]} " == *' guest '* && -x $TOP/selftests/vm/deps.sh ]]; then
	"$TOP/selftests/vm/deps.sh"
fi
