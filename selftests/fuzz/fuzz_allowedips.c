// SPDX-License-Identifier: GPL-2.0
/* A stream of operations on allowed-ips, done to the trie and to a naive list. */
#include <stdlib.h>

#include "fuzz.h"
#include "pair_allowedips.h"

/*
 * Of an IPv6 address the bytes at both ends and at the border of the two words are taken
 * from the input: few, so that prefixes meet.
 */
static u8 read_addr(struct fuzz_input *in, bool v6, u8 addr[16])
{
	static const u8 places[2][4] = { { 0, 1, 2, 3 }, { 0, 7, 8, 15 } };
	int i;

	memset(addr, 0, 16);
	for (i = 0; i < 4; i++)
		addr[places[v6][i]] = fuzz_byte(in);
	return v6 ? 16 : 4;
}

static void one_operation(struct allowedips_pair *pair, struct fuzz_input *in)
{
	u8 what = fuzz_byte(in), prefix_len, len, addr[16];
	int owner = what >> 4 & (NAIVE_OWNERS - 1);

	if ((what & 7) == 0) {
		pair_remove_owner(pair, owner);
		return;
	}
	if ((what & 7) == 1) {
		rcu_barrier();
		return;
	}

	len = read_addr(in, what >> 7, addr);
	prefix_len = fuzz_byte(in) % (len * 8 + 1);
	switch (what & 7) {
	case 2:
	case 3:
		pair_remove(pair, addr, len, prefix_len, owner);
		break;
	case 4:
		pair_lookup(pair, addr, len);
		break;
	default:	/* 5 and 6 let the first or second allocation fail */
		pair_insert(pair, addr, len, prefix_len, owner, (7 - (what & 7)) % 3);
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct allowedips_pair *pair = malloc(sizeof(*pair));

	pair_init(pair);
	while (in.size)
		one_operation(pair, &in);
	pair_compare(pair);
	pair_free(pair);
	free(pair);
	return 0;
}
