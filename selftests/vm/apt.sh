# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Packages of any Debian suite, without touching the machine's own apt: lists
# and status of our own in the cache. Mirror, proxy and keys are the machine's.
# Sourced after lib.sh.

# debian_mirror: where this machine gets Debian from ($MYTUN_VM_MIRROR goes first)
debian_mirror()
{
	local uri=${MYTUN_VM_MIRROR:-}

	need apt-get
	# shellcheck disable=SC2016 # apt expands it
	[[ $uri ]] || uri=$(apt-get indextargets --format '$(REPO_URI)' \
			"Created-By: Packages" "Origin: Debian" "Label: Debian" |
			sed -n 1p)
	[[ $uri ]] || die "apt knows no Debian mirror: run apt-get update, or set MYTUN_VM_MIRROR"
	# Cloud images name a file with a list of mirrors
	[[ $uri != mirror+file:* ]] || uri=$(awk '{ print $1; exit }' "${uri#mirror+file:}")
	echo "$uri"
}

# suite_use SUITE: read the package lists of SUITE; suite_apt and suite_get then work on it
suite_use()
{
	local dir=$VM_CACHE/apt/$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	local mirror

	[[ -e $keyring ]] || die "missing: $keyring (package debian-archive-keyring)"
	mirror=$(debian_mirror) || exit
	mkdir -p "$dir"/{lists,cache/archives}/partial "$dir/empty.d"
	: >"$dir/empty"
	echo "deb [arch=amd64 signed-by=$keyring] $mirror $1 main" >"$dir/sources.list"
	SUITE_OPTS=(
		-o Dir::State::Lists="$dir/lists"
		-o Dir::State::Status="$dir/empty"
		-o Dir::Cache="$dir/cache"
		-o Dir::Etc::SourceList="$dir/sources.list"
		-o Dir::Etc::SourceParts="$dir/empty.d"
		-o Dir::Etc::Preferences="$dir/empty"
		-o Dir::Etc::PreferencesParts="$dir/empty.d"
		-o APT::Architecture=amd64
		-o APT::Sandbox::User=
	)
	say "reading the package lists of $1"
	apt-get "${SUITE_OPTS[@]}" -qq update >&2 || die "cannot read the package lists of $1"
}

# suite_depends PACKAGE PATTERN: its direct dependencies that match the pattern
suite_depends()
{
	apt-cache "${SUITE_OPTS[@]}" depends --important "$1" |
		sed -nE "s/^ *(Pre)?Depends: ($2)\$/\\2/p"
}

# suite_has PACKAGE
suite_has()
{
	apt-cache "${SUITE_OPTS[@]}" pkgnames "$1" | grep -Fqx "$1"
}

# suite_get DIR PACKAGE...: download and unpack below DIR
suite_get()
{
	local dir=$1 tmp deb

	shift
	say "downloading $*"
	tmp=$(mktemp -d "$VM_CACHE/apt/download.XXXXXX")
	(cd "$tmp" && apt-get "${SUITE_OPTS[@]}" -qq download "$@") >&2 || die "cannot download $*"
	mkdir -p "$dir"
	for deb in "$tmp"/*.deb; do
		dpkg -x "$deb" "$dir"
	done
	rm -r "$tmp"
}
