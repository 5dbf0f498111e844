#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Write the inputs that fuzzing starts from: seeds.sh DIRECTORY

set -e
out=$1

# message TYPE LENGTH: that type word and bytes up to the length
message()
{
	printf '%b\000\000\000' "\\0$(printf %03o "$1")"
	head -c "$(($2 - 4))" /dev/zero | tr '\000' '\125'
}

mkdir -p "$out/fuzz_wire" "$out/fuzz_control" "$out/fuzz_handshake" "$out/fuzz_allowedips" \
	"$out/fuzz_config" "$out/fuzz_tunnel" "$out/fuzz_json" "$out/fuzz_http"

# Configurations need no program to be made.
cp "${0%/*}"/corpus/config/*.conf "$out/fuzz_config"
cp "${0%/*}"/corpus/config/*.conf "${0%/*}"/corpus/tunnel/*.conf "$out/fuzz_tunnel"
cp "${0%/*}"/corpus/json/*.json "$out/fuzz_json"

for m in 1:148 2:92 3:64 4:32 4:33 4:128 1:147 1:149 4:31 0:148 5:148; do
	message "${m%:*}" "${m#*:}" >"$out/fuzz_wire/type${m%:*}-length${m#*:}"
done

printf '\360\001\001\001\002\004\001\000\000\000\003\000' >"$out/fuzz_control/heard"
printf '\360\001\001\001\002\004\001\000\000\000\377\003abc' >"$out/fuzz_control/unknown"
printf '\360\001\001\001\002\004\000\000\000\000\004\000' >"$out/fuzz_control/probes"
printf '\363\001\000\000\001\000\000\000%060d' 0 >"$out/fuzz_control/probe"
printf '\363\002\214\005\001\000\000\000' >"$out/fuzz_control/answer"

# Kind of message and no change at all; then one bit of each of its first parts.
for kind in 0 1 2; do
	for redo_mac1 in 0 1; do
		first=\\0$(printf %03o $((kind | redo_mac1 << 2)))
		printf %b "$first" >"$out/fuzz_handshake/$kind$redo_mac1"
		for at in 000 004 010 100 163 210; do
			printf '%b\001' "$first\\0$at" >"$out/fuzz_handshake/$kind$redo_mac1-$at"
		done
	done
done

# Nested and neighbouring prefixes, of both families; lookups, removals, an owner's end.
{
	printf '\007\012\000\000\000\010'	# 10.0.0.0/8 to owner 0
	printf '\027\012\001\000\000\020'	# 10.1.0.0/16 to owner 1
	printf '\047\012\001\001\001\040'	# 10.1.1.1/32 to owner 2
	printf '\004\012\001\001\001\000'
} >"$out/fuzz_allowedips/nested"
{
	cat "$out/fuzz_allowedips/nested"
	printf '\022\012\001\000\000\020\001\000\040'
} >"$out/fuzz_allowedips/removed"
{
	printf '\207\040\001\200\001\077\227\040\001\200\001\100\247\040\001\200\001\101'
	printf '\267\040\001\200\001\200\204\040\001\200\001\000\260\240\204\040\001\200\001\000'
} >"$out/fuzz_allowedips/words"
{
	printf '\005\012\000\000\000\010\007\012\000\000\000\010\025\012\001\000\000\020'
	printf '\026\013\000\000\000\010\007\000\000\000\000\000\001'
} >"$out/fuzz_allowedips/no-memory"

# byte NUMBER
byte()
{
	printf '%b' "\\0$(printf %03o "$1")"
}

# request NAME PIECES REQUEST: by a Unix socket and by a port. PIECES are the lengths of those that
# come before the rest.
request()
{
	for by_port in 0 1; do
		{
			byte $(($(echo "$2" | wc -w) << 1 | by_port))
			for piece in $2; do
				byte "$piece"
			done
			printf '%b' "$3"
		} >"$out/fuzz_http/$1-$by_port"
	done
}

request whole '' 'GET /metrics HTTP/1.0\r\n\r\n'
request cut '5 20 1' 'GET /metrics?a=b HTTP/1.1\r\nHost: localhost:1\r\nAccept: */*\r\n\r\n'
request other 25 'GET /metrics HTTP/1.1\r\nHost: h.example\r\n\r\n'
request behind 25 'GET /metrics HTTP/1.0\r\n\r\nHost: h.example\r\n\r\n'
request bare 23 'GET /metrics HTTP/1.0\n\n'
request mixed 24 'GET /metrics HTTP/1.0\n\r\n'
request post 4 'POST /metrics HTTP/1.0\r\n\r\n'
request path '' 'GET / HTTP/1.0\r\n\r\n'
request short 1 'GET\r\n\r\n'
# The head ends with the last byte that there is room for, and one byte behind it.
for len in 4066 4067; do
	line=$(head -c $len /dev/zero | tr '\000' a)
	request long-$len '254 1' "GET /metrics HTTP/1.0\\r\\nA: $line\\r\\n\\r\\n"
done
