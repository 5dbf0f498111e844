// SPDX-License-Identifier: GPL-2.0
/*
 * Which size to try next. A size that fails costs seconds, one that passes a round trip: so what
 * is common comes first, from below, and what is left is cut where it should rather pass.
 */
#include <stddef.h>

#include "../module/uapi/mytun.h"
#include "mtu.h"

/* The first of so many parts of what is left: a third less time than with halves */
enum { SLICE = 4 };

/* IPv6's least; Ethernet over IPv6 and IPv4, each with what must fail then; the same of 9000 */
static const unsigned int common[] = { MYTUN_PROBE_SIZE_MIN, 1280, 1420, 1421, 1440, 1441,
				       8920, 8921, 8940, 8941 };

/**
 * mtu_search_begin() - nothing is known
 * @search: set up
 */
void mtu_search_begin(struct mtu_search *search)
{
	search->passes = 0;
	search->fails = MYTUN_PROBE_SIZE_MAX + 1;
}

/**
 * mtu_search_next() - what to try
 * @search: from mtu_search_begin()
 *
 * Return: a size, or 0 when there is nothing left to try: @passes is the answer.
 */
unsigned int mtu_search_next(const struct mtu_search *search)
{
	size_t i;

	if (search->passes + 1 == search->fails || search->fails <= MYTUN_PROBE_SIZE_MIN)
		return 0;
	for (i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (common[i] > search->passes)
			break;
	if (i < sizeof(common) / sizeof(common[0]) && common[i] < search->fails)
		return common[i];
	return search->passes + (search->fails - search->passes + SLICE - 1) / SLICE;
}

/**
 * mtu_search_tell() - what has become of it
 * @search: from mtu_search_begin()
 * @size: from mtu_search_next()
 * @passed: it came through
 */
void mtu_search_tell(struct mtu_search *search, unsigned int size, bool passed)
{
	if (passed)
		search->passes = size;
	else
		search->fails = size;
}
