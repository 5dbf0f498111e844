# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Packages of any Debian suite, without touching the machine's own apt: lists
# and status of our own in the cache. Mirror, proxy and keys are the machine's.
# Sourced after lib.sh. SUITE_ARCH is another architecture than amd64, whose
# packages are libraries for tests: without security updates.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# debian_mirror LABEL: where this machine gets Debian or Debian-Security from
debian_mirror()
{
	local uri

	# shellcheck disable=SC2016 # apt expands it
	uri=$(apt-get indextargets --format '$(REPO_URI)' \
		"Created-By: Packages" "Origin: Debian" "Label: $1" | sed -n 1p)
	# Cloud images name a file with a list of mirrors
	[[ $uri != mirror+file:* ]] || uri=$(awk '{ print $1; exit }' "${uri#mirror+file:}")
	[[ $1 != Debian || ! ${MYTUN_VM_MIRROR:-} ]] || uri=$MYTUN_VM_MIRROR
	[[ $uri || $1 != Debian ]] ||
		die "apt knows no Debian mirror: run apt-get update, or set MYTUN_VM_MIRROR"
	echo "$uri"
}

# suite_sources SUITE: lines of sources.list, with the security updates of those
# that have them
suite_sources()
{
	local option="[arch=${SUITE_ARCH:-amd64} signed-by=$KEYRING]" mirror

	mirror=$(debian_mirror Debian) || return
	echo "deb $option $mirror $1 main"
	mirror=$(debian_mirror Debian-Security)
	[[ ! $mirror || ${SUITE_ARCH:-} || $1 == sid || $1 == *-backports ]] ||
		echo "deb $option $mirror $1-security main"
}

# suite_use SUITE: read its package lists; the other functions work on them
suite_use()
{
	local dir=$VM_CACHE/apt/$1${SUITE_ARCH:+-$SUITE_ARCH}

	[[ -e $KEYRING ]] || die "missing: $KEYRING (package debian-archive-keyring)"
	mkdir -p "$dir"/{lists,cache/archives}/partial "$dir/empty.d"
	: >"$dir/empty"
	suite_sources "$1" >"$dir/sources.list" || exit
	SUITE_OPTS=(
		-o Dir::State::Lists="$dir/lists"
		-o Dir::State::Status="$dir/empty"
		-o Dir::Cache="$dir/cache"
		-o Dir::Etc::SourceList="$dir/sources.list"
		-o Dir::Etc::SourceParts="$dir/empty.d"
		-o Dir::Etc::Preferences="$dir/empty"
		-o Dir::Etc::PreferencesParts="$dir/empty.d"
		-o APT::Architecture="${SUITE_ARCH:-amd64}"
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
	tmp=$(mktemp -d -p "$VM_CACHE/apt")
	(cd "$tmp" && apt-get "${SUITE_OPTS[@]}" -qq download "$@") >&2 || die "cannot download $*"
	mkdir -p "$dir"
	for deb in "$tmp"/*.deb; do
		dpkg -x "$deb" "$dir"
	done
	rm -r "$tmp"
}
