// SPDX-License-Identifier: GPL-2.0
/* A tunnel as a file that `up` reads. */
#include "save.h"
#include "show.h"

static void put_texts(FILE *out, const char *name, const struct texts *texts)
{
	size_t i;

	for (i = 0; i < texts->n; i++)
		fprintf(out, "%s = %s\n", name, texts->items[i]);
}

/**
 * tunnel_write() - a tunnel as a configuration file
 * @out: where to
 * @tun: everything but what @dev has
 * @dev: key, port, mark and peers
 */
void tunnel_write(FILE *out, const struct tunnel *tun, const struct device *dev)
{
	char prefix[PREFIX_LEN];
	size_t i;

	fputs("[Interface]\n", out);
	for (i = 0; i < tun->n_addresses; i++)
		fprintf(out, "Address = %s\n", format_prefix(prefix, &tun->addresses[i]));
	put_texts(out, "DNS", &tun->dns);
	put_texts(out, "DNS", &tun->search);
	if (tun->mtu)
		fprintf(out, "MTU = %u\n", tun->mtu);
	if (tun->table)
		fprintf(out, "Table = %s\n", tun->table);
	fprintf(out, "SaveConfig = %s\n", tun->save ? "true" : "false");
	put_texts(out, "PreUp", &tun->hooks[HOOK_PRE_UP]);
	put_texts(out, "PostUp", &tun->hooks[HOOK_POST_UP]);
	put_texts(out, "PreDown", &tun->hooks[HOOK_PRE_DOWN]);
	put_texts(out, "PostDown", &tun->hooks[HOOK_POST_DOWN]);
	if (tun->kill_switch)
		fputs("#! KillSwitch = yes\n", out);
	if (tun->gateway)
		fputs("#! Gateway = yes\n", out);
	if (tun->timeout)
		fprintf(out, "#! Timeout = %u\n", tun->timeout);
	if (tun->key_file)
		fprintf(out, "#! PrivateKeyFile = %s\n", tun->key_file);
	if (tun->client_endpoint)
		fprintf(out, "#! ClientEndpoint = %s\n", tun->client_endpoint);
	if (tun->client_dns)
		fprintf(out, "#! ClientDNS = %s\n", tun->client_dns);
	show_config_interface(out, dev, false);
	show_config_peers(out, dev, false);
}
