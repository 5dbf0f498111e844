#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What tshark thinks of the captures that selftests/captures.sh has made.
#
#	judge-captures.sh FOLDER
#
# A line for each: every checksum is right, every message has a size that it may have, most of
# them the largest; and of the messages of each session none is missing and none there twice.

set -o pipefail
. "${0%/*}/lib.sh"

# judge NAME: of the lines of tshark's fields
judge()
{
	awk -F '\t' -v name="$1" '
		# number: of eight bytes in hexadecimal, the least first
		function number(hex,	i, value) {
			for (i = 15; i > 0; i -= 2)
				value = value * 256 + digit[substr(hex, i, 1)] * 16 + digit[substr(hex, i + 1, 1)]
			return value
		}
		function bad(why) {
			if (!reason)
				reason = why " (packet " NR ")"
		}
		BEGIN {
			for (i = 0; i < 16; i++)
				digit[sprintf("%x", i)] = i
			wanted = name ~ /gcm/ ? "04010000" : "04000000"
		}
		# Status 1 is good. IPv6 has no checksum of its own.
		$2 != 1 || ($1 != "" && $1 != 1) { bad("a checksum is wrong") }
		{ type = substr($5, 1, 8); len = $3 - 8 }
		type ~ /^0[123]000000$/ { next }
		type !~ /^040[01]0000$/ { bad("no message of ours"); next }
		type == "04000000" && $4 != 4 { bad("tshark does not know it") }
		len != 1452 && (len < 32 || len % 16 || len > 1452) { bad("it has " len " bytes") }
		{
			if (len > most)
				most = len
			full += len == 1452 && type == wanted
			session = substr($5, 9, 8)
			counter = number(substr($5, 17, 16))
			if (seen[session, counter]++)
				bad("a counter twice")
			count[session]++
			if (counter > last[session])
				last[session] = counter
			messages++
		}
		END {
			for (session in count)
				if (count[session] != last[session] + 1)
					bad("counters are missing")
			if (full < 1000)
				bad("of the largest, with the cipher, there are " full + 0)
			if (reason)
				print "not ok tshark, " name ": " reason
			else
				print "ok tshark, " name ": " messages " messages, " full " of " most " bytes"
			exit reason != ""
		}'
}

# judge_file FILE: status 1 when it is not good
judge_file()
{
	local name=${1##*/}

	name=${name%.pcap}
	tshark -n -r "$1" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -T fields \
		-e ip.checksum.status -e udp.checksum.status -e udp.length -e wg.type -e udp.payload \
		2>"$tmp/errors" >"$tmp/fields" || {
		# That it is root is no error of the capture's
		echo "not ok tshark, $name: $(grep -v 'Running as user' "$tmp/errors" | tail -n 1)"
		return 1
	}
	judge "$name" <"$tmp/fields"
}

need tshark
temp_dir
status=0
captures=("$1"/*.pcap)
((${#captures[@]} == 8)) || { echo "not ok all 8 captures are there"; exit 1; }
for file in "${captures[@]}"; do
	judge_file "$file" || status=1
done
exit "$status"
