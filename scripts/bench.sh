#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What do packets and bytes cost over mytun, and over what else there is? In one guest
# that counts instructions, in one run, side by side.
#
#	bench.sh [PATH...]	(all: see selftests/bench/bench.sh)
#	KERNEL			(6.1)
#	UDP, TCP, REPETITIONS	amounts: see there
#
# Prints a table, and leaves build/bench/KERNEL.csv, KERNEL.md (the table) and KERNEL.svg.
# A "tax" is a path minus the bare cable; x is a part of WireGuard's tax, w of the whole of
# WireGuard's: for TCP, and where the cable's own figure is not steady or not below all others.
# Then what of it there are goals for; whether they are reached does not change the exit status.

. "${0%/*}/bench-lib.sh"

csv=$out/$kernel.csv

# Of the CSV, for what follows: cost[path, key], paths[1] to paths[count], ratios
# shellcheck disable=SC2016 # awk's
READ='
	function tax(path, key) { return cost[path, key] - cost["veth", key] }
	function measured_fit(key,	p) {
		if (!(("veth", key) in cost) || spread["veth", key] > 0.03 * cost["veth", key])
			return 0
		for (p = 1; p <= count; p++)
			if (paths[p] != "veth" && (paths[p], key) in cost && tax(paths[p], key) <= 0)
				return 0
		return 1
	}
	# Is the cable fit for telling a tax?
	function fit(key) {
		if (!(key in known))
			known[key] = key !~ /tcp/ && measured_fit(key)
		return known[key]
	}
	# "x0.50", or nothing where there is nothing to compare
	function ratio(path, key, other) {
		if (!((path, key) in cost) || !((other, key) in cost))
			return ""
		if (!fit(key))
			return sprintf("w%.2f", cost[path, key] / cost[other, key])
		return sprintf("x%.2f", tax(path, key) / tax(other, key))
	}
	{
		cost[$1, $2 "/" $3 "/" $4] = $5
		spread[$1, $2 "/" $3 "/" $4] = $6
		if ($2 ~ /tcp/)
			cost[$1, $2] = $5
		if (!seen[$1]++)
			paths[++count] = $1
	}'

# table [md]: of the CSV; "md": in Markdown
table()
{
	awk -F, -v md="${1:-}" "$READ"'
		function cell(text, width) {
			if (md)
				printf "| %s ", text
			else
				printf " %" width "s", text
		}
		function end_row() { print md ? "|" : "" }
		function number(path, key,	text) {
			if (!((path, key) in cost))
				return "-"
			text = sprintf("%.1fk", cost[path, key] / 1000)
			if (key ~ /tcp/)
				text = sprintf("%.2f", cost[path, key])
			return path ~ /^(veth|wireguard)$/ ? text : text " " ratio(path, key, "wireguard")
		}
		# A line for each path that has the first of these
		function show(title, keys, names,	i, p, n, key, name) {
			n = split(keys, key, " ")
			split(names, name, " ")
			if (!md)
				print title
			cell(md ? "Linux '"$kernel"'" : "path", -11)
			for (i = 1; i <= n; i++)
				cell(name[i], 15)
			end_row()
			for (i = 0; md && i <= n; i++)
				printf "|---"
			if (md)
				end_row()
			for (p = 1; p <= count; p++) {
				if (!((paths[p], key[1]) in cost))
					continue
				cell(paths[p], -11)
				for (i = 1; i <= n; i++)
					cell(number(paths[p], key[i]), 15)
				end_row()
			}
		}
		END {
			show("instructions for a datagram (bytes/in flight), for a byte of TCP; x: tax, w: whole, to WireGuard'\''s",
				"udp/64/32 udp/512/32 udp/1300/32 udp/64/1 udp/512/1 udp/1300/1 tcp tcpcut",
				"64/32 512/32 1300/32 64/1 512/1 1300/1 tcp tcp,cut")
			print ""
			show("longer than the MTU; IPv6 inside and outside; an MTU of 576 inside",
				"fragments/4000/8 fragments/4000/1 udp6/512/32 udp6/512/1 tcp6 tcp576",
				"4000/8 4000/1 IPv6,512/32 IPv6,512/1 IPv6,tcp MTU576,tcp")
		}' "$csv"
}

# goals: what is to be reached, and what is
goals()
{
	awk -F, "$READ"'
		function goal(id, key, path, other, limit,	found) {
			found = ratio(path, key, other)
			if (found == "")
				return
			printf "%-3s %-12s %-10s %-10s %6.2f %8s %s\n", id, key, path, other, limit,
				found, substr(found, 2) + 0 <= limit ? "yes" : "no"
		}
		END {
			printf "\n%-3s %-12s %-10s %-10s %6s %8s\n", "", "load", "path", "beside", "goal",
				"is"
			goal("P1", "udp/64/32", "mytun", "wireguard", 0.80)
			goal("P1", "udp/512/32", "mytun", "wireguard", 0.80)
			goal("P2", "udp/1300/32", "mytun", "wireguard", 0.75)
			goal("P3", "udp/64/1", "mytun", "wireguard", 0.70)
			goal("P3", "udp/1300/1", "mytun", "wireguard", 0.70)
			goal("P4", "udp/64/32", "mytun-gcm", "esp-gcm", 1)
			goal("P4", "udp/512/32", "mytun-gcm", "esp-gcm", 1)
			goal("P4", "udp/1300/32", "mytun-gcm", "esp-gcm", 1)
			goal("P5", "udp/1300/32", "mytun-gcm", "wireguard", 0.50)
			goal("P6", "tcp", "mytun", "wireguard", 0.60)
			goal("P6", "tcp", "mytun-gcm", "wireguard", 0.40)
		}' "$csv"
}

# plot: what the table has, as bars
plot()
{
	awk -F, '$2 == "udp" { value[$1, $3 "/" $4] = $5; if (!seen[$1]++) paths[++count] = $1 }
		END {
			split("64/32 512/32 1300/32 64/1 512/1 1300/1", keys, " ")
			for (i = 1; i in keys; i++) {
				printf "\"%s\"", keys[i]
				for (p = 1; p <= count; p++)
					printf " %d", value[paths[p], keys[i]]
				print ""
			}
		}' "$csv" >"$out/plot.data"
	names=$(awk -F, '$2 == "udp" && !seen[$1]++ { printf "%s ", $1 }' "$csv")
	awk -F, '$2 == "tcp" { print "\"" $1 "\"", $5 }' "$csv" >"$out/plot.tcp"
	# With names that are the same everywhere: they are in the picture
	(cd "$out" && gnuplot) <<-END
		set terminal svg size 900,700 font "sans,12"
		set output "$kernel.svg"
		set multiplot layout 2,1
		set title "Instructions for a datagram, both ends (Linux $kernel)"
		set xlabel "payload in bytes / datagrams in flight"
		set style data histograms
		set style fill solid 0.8
		set key outside
		set yrange [0:*]
		names = "$names"
		plot for [i=1:words(names)] "plot.data" using i+1:xtic(1) title word(names, i)
		set title "Instructions for a byte of bulk TCP, both ends"
		unset xlabel
		unset key
		plot "plot.tcp" using 2:xtic(1) linecolor "#4060a0"
	END
}

"$TOP/scripts/deps.sh" bench
bench_guest "$csv" '^[a-z-]+,(udp|tcp|fragments)[a-z0-9]*,' --icount --timeout 1800 -- /usr/bin/env \
	"UDP=${UDP:-1600}" "TCP=${TCP:-4194304}" "REPETITIONS=${REPETITIONS:-5}" \
	/selftests/bench/bench.sh "$@"
table
goals
table md >"$out/$kernel.md"
plot
echo "$csv"
