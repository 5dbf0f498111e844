# SPDX-License-Identifier: GPL-2.0
#
# Count the results in a log of TAP or KTAP: prints "passed failed skipped", and
# below it the failed and the skipped ones, a line each. A line may begin with the
# name of a script, as "tunnel.sh: ok 1 ping". A program that does not speak TAP
# says "[NAME: ]N passed, N failed".
#
# A line such as "ok 3 selftests: tunnel.sh" that follows deeper lines is their
# sum, and is not counted with them, unless it is the only one that says "not ok".
# A list that is shorter than its plan has a failure more.

BEGIN { deepest = 0 }

function depth_of(line,    depth)
{
	while (sub(/^(# |    |  )/, "", line))
		depth++
	text = line
	return depth + 0
}

function fail(what)
{
	failed++
	list = list "failed " what "\n"
}

# The list at this depth, and those in it, are over
function close_lists(from,    depth)
{
	for (depth = deepest; depth >= from; depth--) {
		if (plan[depth] && got[depth] < plan[depth]) {
			fail(name "only " got[depth] + 0 " of " plan[depth] " planned checks were made")
			broken[depth] = 1
		}
		plan[depth] = got[depth] = 0
	}
}

# Is this the sum of deeper results? Their failures are told in child_failed.
function is_sum(depth,    at, sum)
{
	child_failed = 0
	for (at = depth + 1; at <= deepest; at++) {
		sum = sum || results[at]
		child_failed = child_failed || failures[at] || broken[at]
		results[at] = failures[at] = broken[at] = 0
	}
	return sum
}

{
	sub(/\r$/, "")
	name = match($0, /^[a-z0-9_-]+\.sh: /) ? substr($0, 1, RLENGTH) : ""
	depth = depth_of(substr($0, length(name) + 1))
}

text ~ /^([a-z0-9_]+: )?[0-9]+ passed, [0-9]+ failed$/ {
	sub(/^[a-z0-9_]+: /, "", text)
	split(text, word, " ")
	passed += word[1]
	failed += word[3]
	if (word[3] + 0)
		list = list "failed " $0 "\n"
	next
}

text ~ /^1\.\.[0-9]+/ {
	deepest = depth > deepest ? depth : deepest
	close_lists(depth)
	plan[depth] = substr(text, 4) + 0
	if (!plan[depth] && text ~ /# *SKIP/) {
		skipped++
		list = list "skipped " name text "\n"
		results[depth]++
	}
	next
}

text ~ /^Bail out!/ {
	deepest = depth > deepest ? depth : deepest
	fail(name text)
	results[depth]++
	failures[depth]++
	plan[depth] = got[depth] = 0
	next
}

text ~ /^(not )?ok( |$)/ {
	deepest = depth > deepest ? depth : deepest
	close_lists(depth + 1)
	got[depth]++
	bad = text ~ /^not / && text !~ /# *(TODO|XFAIL)/
	sum = is_sum(depth)
	results[depth]++
	if (bad) {
		failures[depth]++
		if (!sum || !child_failed)
			fail(name text)
	} else if (!sum && text ~ /# *(SKIP|TODO|XFAIL)/) {
		skipped++
		list = list "skipped " name text "\n"
	} else if (!sum) {
		passed++
	}
}

END {
	close_lists(0)
	print passed + 0, failed + 0, skipped + 0
	printf "%s", list
}
