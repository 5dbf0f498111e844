#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is a second processor worth? By the clock, in a guest with two: the machine should
# have two of its own, and nothing else to do.
#
#	bench-cpus.sh [PATH...]		(wireguard mytun mytun-gcm)
#	KERNEL				(6.1)
#	BYTES, PEERS, ROUNDS		see selftests/bench/cpus.sh
#
# Prints a table, and leaves build/bench/KERNEL.cpus.csv.

. "${0%/*}/bench-lib.sh"

csv=$out/$kernel.cpus.csv

bench_guest "$csv" '^[a-z-]+,[0-9]+,[12],' --smp 2 --timeout 1800 -- /usr/bin/env \
	BYTES="${BYTES:-}" PEERS="${PEERS:-}" ROUNDS="${ROUNDS:-}" \
	/selftests/bench/cpus.sh "$@"
awk -F, '
	{ value[$1, $2, $3] = $4; spread[$1, $2, $3] = $5; if (!seen[$1, $2]++) row[++rows] = $1 FS $2 }
	END {
		print "Mbit/s of bulk TCP, all peers together (+- half the range of the rounds)"
		printf "%-12s %5s %16s %16s %7s\n", "", "peers", "one CPU", "two CPUs", "ratio"
		for (i = 1; i <= rows; i++) {
			split(row[i], key, FS)
			one = value[key[1], key[2], 1]
			two = value[key[1], key[2], 2]
			printf "%-12s %5d %8.1f +- %4.1f %8.1f +- %4.1f %7.2f\n", key[1], key[2], one,
				spread[key[1], key[2], 1], two, spread[key[1], key[2], 2], two / one
		}
	}' "$csv"
echo "$csv"
