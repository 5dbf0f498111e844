// SPDX-License-Identifier: GPL-2.0
/* Memory of the structs in tunnel.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tunnel.h"

/**
 * tunnel_alloc() - an empty tunnel with an empty device
 *
 * Return: the tunnel, to be given to tunnel_free(); NULL without memory.
 */
struct tunnel *tunnel_alloc(void)
{
	struct tunnel *tun = calloc(1, sizeof(*tun));

	if (!tun)
		return NULL;
	tun->dev = device_alloc();
	if (tun->dev)
		return tun;
	free(tun);
	return NULL;
}

/**
 * tunnel_free() - free a tunnel and its device, and wipe the keys
 * @tun: the tunnel; may be NULL
 */
void tunnel_free(struct tunnel *tun)
{
	size_t i;

	if (!tun)
		return;
	device_free(tun->dev);
	free(tun->addresses);
	texts_clear(&tun->dns);
	texts_clear(&tun->search);
	for (i = 0; i < HOOK_N; i++)
		texts_clear(&tun->hooks[i]);
	free(tun->table);
	free(tun->key_file);
	free(tun->client_endpoint);
	free(tun->client_dns);
	free(tun);
}

/**
 * tunnel_add_address() - append an empty address
 * @tun: the tunnel, which owns it
 *
 * Return: the address, valid until the next one is added; NULL without memory.
 */
struct allowedip *tunnel_add_address(struct tunnel *tun)
{
	struct allowedip *all = reallocarray(tun->addresses, tun->n_addresses + 1, sizeof(*all));

	if (!all)
		return NULL;
	tun->addresses = all;
	memset(&all[tun->n_addresses], 0, sizeof(*all));
	return &all[tun->n_addresses++];
}

/**
 * tunnel_has_family() - whether a tunnel has an address of a family
 * @tun: the tunnel
 * @family: AF_INET or AF_INET6
 *
 * Return: whether it has.
 */
bool tunnel_has_family(const struct tunnel *tun, sa_family_t family)
{
	size_t i;

	for (i = 0; i < tun->n_addresses; i++)
		if (tun->addresses[i].family == family)
			return true;
	return false;
}

/**
 * texts_add() - append a copy
 * @texts: the list
 * @text: the string
 *
 * Return: 0 or -ENOMEM.
 */
int texts_add(struct texts *texts, const char *text)
{
	char **items = reallocarray(texts->items, texts->n + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	texts->items = items;
	items[texts->n] = strdup(text);
	if (!items[texts->n])
		return -ENOMEM;
	texts->n++;
	return 0;
}

/**
 * texts_clear() - free all strings of a list
 * @texts: empty afterwards
 */
void texts_clear(struct texts *texts)
{
	while (texts->n)
		free(texts->items[--texts->n]);
	free(texts->items);
	texts->items = NULL;
}
