#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What do many peers cost, WireGuard's and ours? In one guest that counts instructions.
#
#	bench-scale.sh [PEERS...]	(1 10000 100000)
#	KERNEL				(6.1)
#
# Prints a table, and leaves build/bench/KERNEL.scale.csv.

. "${0%/*}/bench-lib.sh"

csv=$out/$kernel.scale.csv

bench_guest "$csv" '^[a-z]+,[0-9]+,' --icount --mem 4G --timeout 3000 -- \
	/selftests/bench/scale.sh "$@"
awk -F, '
	function row(size, metric, theirs, ours) {
		printf "%8d %-10s %12d %12d %8.2f\n", size, metric, theirs, ours,
			theirs ? ours / theirs : 0
	}
	{ value[$1, $2, $3] = $4; if (!seen[$2]++) sizes[++count] = $2 }
	END {
		split("memory configure dump remove datagram handshake", metrics, " ")
		print "bytes, or instructions, for each peer, datagram, handshake"
		printf "%8s %-10s %12s %12s %8s\n", "peers", "", "wireguard", "mytun", "ratio"
		for (i = 1; i <= count; i++)
			for (m = 1; m in metrics; m++) {
				if (!(("mytun", sizes[i], metrics[m]) in value))
					continue
				theirs = value["wireguard", sizes[i], metrics[m]]
				ours = value["mytun", sizes[i], metrics[m]]
				row(sizes[i], metrics[m], theirs, ours)
				# What a datagram costs more than where there is one peer to be found
				if (metrics[m] == "datagram" && sizes[i] > 1 && sizes[1] == 1)
					row(sizes[i], "  of many", theirs - value["wireguard", 1, "datagram"],
						ours - value["mytun", 1, "datagram"])
			}
	}' "$csv"
echo "$csv"
