#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Make noise_vectors.h anew from a real wireguard-go. Needs root, /dev/net/tun and the
# packages wireguard-go, wireguard-tools and iproute2; everything happens in a network
# namespace of its own. Not part of `make check`: the result is kept in git.
set -eu
cd "$(dirname "$0")"

port=51900
tmp=$(mktemp -d)
ns=mytun-record-$$
dev=rec$$
go_pid=

cleanup() {
	[ -z "$go_pid" ] || kill "$go_pid" 2>/dev/null || true
	[ -z "$go_pid" ] || wait "$go_pid" 2>/dev/null || true
	ip netns del "$ns" 2>/dev/null || true
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

for tool in wireguard-go wg ip; do
	command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done
make -s build/record_vectors

key() {
	build/record_vectors key "$1" | base64 >"$tmp/$1"
}

for name in go-private initiator-psk responder-psk initiator-public responder-public; do
	key "$name"
done

ip netns add "$ns"
ip -n "$ns" link set lo up
ip netns exec "$ns" wireguard-go -f "$dev" >"$tmp/log" 2>&1 &
go_pid=$!
for _ in $(seq 50); do
	[ -S "/var/run/wireguard/$dev.sock" ] && break
	sleep 0.1
done

ip netns exec "$ns" wg set "$dev" listen-port "$port" private-key "$tmp/go-private" \
	peer "$(cat "$tmp/initiator-public")" preshared-key "$tmp/initiator-psk" \
	allowed-ips 10.9.0.2/32 \
	peer "$(cat "$tmp/responder-public")" preshared-key "$tmp/responder-psk" \
	allowed-ips 10.9.0.3/32 endpoint 127.0.0.1:51901
ip -n "$ns" addr add 10.9.0.1/24 dev "$dev"
ip -n "$ns" link set "$dev" up

if ! ip netns exec "$ns" build/record_vectors record "$port" >"$tmp/arrays"; then
	cat "$tmp/log" >&2
	exit 1
fi
version=$(wireguard-go --version | sed -n '1s/^wireguard-go //p')
{
	echo "/* SPDX-License-Identifier: GPL-2.0 */"
	echo "/*"
	echo " * What went over the wire between wireguard-go $version and core/ with the keys of"
	echo " * vector_keys.h. Made by record_vectors.sh, not to be edited."
	echo " */"
	echo "#ifndef _NOISE_VECTORS_H"
	echo "#define _NOISE_VECTORS_H"
	echo
	echo "#include <linux/types.h>"
	echo
	cat "$tmp/arrays"
	echo "#endif /* _NOISE_VECTORS_H */"
} >noise_vectors.h
