// SPDX-License-Identifier: GPL-2.0
/* The parser of `up` on any bytes: what it takes is as fuzz_tunnel.h says. */
#include "fuzz_tunnel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tunnel *tun = parse_tunnel(data, size, config_read);

	if (!tun)
		return 0;
	check_plan(tun);
	check_round_trip(tun);
	tunnel_free(tun);
	return 0;
}
