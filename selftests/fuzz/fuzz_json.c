// SPDX-License-Identifier: GPL-2.0
/*
 * The JSON parser of `up` on any bytes: what it takes is as fuzz_tunnel.h says, but for commands
 * and names of files, in which lines cannot have all that JSON can.
 */
#include "fuzz_tunnel.h"

static void forget_free_text(struct tunnel *tun)
{
	size_t i;

	for (i = 0; i < HOOK_N; i++)
		texts_clear(&tun->hooks[i]);
	free(tun->key_file);
	tun->key_file = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tunnel *tun = parse_tunnel(data, size, config_read_json);

	if (!tun)
		return 0;
	check_plan(tun);
	forget_free_text(tun);
	check_round_trip(tun);
	tunnel_free(tun);
	return 0;
}
