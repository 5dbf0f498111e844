#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Where do the instructions go that make bench counts? perf samples one load over each
# path in the guest that counts instructions.
#
#	bench-profile.sh [PATH...]	(wireguard mytun)
#	KERNEL				(6.1)
#	PROFILE				"udp SIZE WINDOW" or "tcp" (tcp)
#	UDP, TCP, REPETITIONS	amounts: see selftests/bench/bench.sh
#	SYMBOLS				so many are shown (25)
#
# Prints the shares of kinds of work, by the symbols' names, then the symbols with the most
# samples. What runs with interrupts off shows where they are switched on again: a switch of
# tasks in finish_task_switch, a wake-up in _raw_spin_unlock_irqrestore.

. "${0%/*}/bench-lib.sh"

profile=${PROFILE:-tcp}
quiet=/dev/null
csv=$out/$kernel.profile.csv

# shares PATH
shares()
{
	awk -F, -v path="$1" -v top="${SYMBOLS:-25}" '
		function kind(symbol, module)
		{
			if (symbol ~ /chacha|poly1305|aead|aes|gcm|ghash|fpu_(begin|end)/)
				return "cipher"
			if (symbol ~ /csum|memcpy|memset|copy_user|copy_from|copy_to|clear_page|_rep$|skb_copy/)
				return "copies and checksums"
			if (symbol ~ /task_switch|sched|queue_work|worker|wake|unlock_irq|pick_next|dequeue_|enqueue_/)
				return "waking and switching"
			if (symbol ~ /alloc|kfree|kmem|slab|free_/)
				return "memory"
			if (module == "mytun" || module == "wireguard")
				return "the tunnel itself"
			return module == "kernel.kallsyms" ? "the stack" : "other modules and programs"
		}
		$1 == path {
			total += $2
			share[kind($3, $4)] += $2
			if (shown++ < top)
				symbols[shown] = sprintf("%8d %s [%s]", $2, $3, $4)
		}
		END {
			print path ": " total + 0 " samples"
			for (name in share)
				printf "%8.1f %% %s\n", 100 * share[name] / total, name | "sort -nr"
			close("sort -nr")
			for (i = 1; i in symbols; i++)
				print symbols[i]
		}' "$csv"
}

(($#)) || set -- wireguard mytun
bench_guest "$csv" '^[a-z-]+,[0-9]+,' --icount --with perf --timeout 1800 -- /usr/bin/env \
	"PROFILE=$profile" "UDP=${UDP:-640}" "TCP=${TCP:-1048576}" \
	"REPETITIONS=${REPETITIONS:-5}" /selftests/bench/bench.sh "$@"
for path; do
	grep -q "^$path," "$csv" || { echo "$path: no samples" >&2; exit 1; }
	shares "$path"
done
