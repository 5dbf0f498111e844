// SPDX-License-Identifier: GPL-2.0
/* Order of coming and going. */
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>

#include "core/allowedips.h"
#include "core/noise.h"
#include "device.h"
#include "handshakes.h"
#include "link.h"
#include "mytun.h"
#include "netlink_gen.h"
#include "queue.h"
#include "selftest/selftest.h"
#include "udp_train.h"
#include "uapi/mytun.h"

static int __init mytun_init(void)
{
	int ret;

	ret = mytun_queue_init();
	if (ret)
		return ret;
	ret = allowedips_cache_init();
	if (ret)
		goto err_uninit_queue;
	noise_init();
	ret = mytun_handshakes_init();
	if (ret)
		goto err_uninit_allowedips;
	ret = -ENOTRECOVERABLE;
	if (!mytun_selftest())
		goto err_uninit_handshakes;
	ret = mytun_udp_train_init();
	if (ret)
		goto err_uninit_handshakes;
	ret = mytun_device_init();
	if (ret)
		goto err_uninit_train;
	ret = mytun_link_init();
	if (ret)
		goto err_uninit_device;
	ret = mytun_netlink_init();
	if (ret)
		goto err_uninit_link;
	pr_info("mytun " MYTUN_VERSION " loaded\n");
	return 0;

err_uninit_link:
	mytun_link_uninit();
err_uninit_device:
	mytun_device_uninit();
err_uninit_train:
	mytun_udp_train_uninit();
err_uninit_handshakes:
	mytun_handshakes_uninit();
err_uninit_allowedips:
	allowedips_cache_uninit();
err_uninit_queue:
	mytun_queue_uninit();
	return ret;
}

static void __exit mytun_exit(void)
{
	mytun_netlink_uninit();
	mytun_link_uninit();
	mytun_device_uninit();
	mytun_udp_train_uninit();
	mytun_handshakes_uninit();
	allowedips_cache_uninit();
	mytun_queue_uninit();
}

module_init(mytun_init);
module_exit(mytun_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Encrypted tunnel that speaks WireGuard");
MODULE_AUTHOR("The mytun authors");
MODULE_VERSION(MYTUN_VERSION);
MODULE_ALIAS_RTNL_LINK(MYTUN_LINK_KIND);
MODULE_ALIAS_GENL_FAMILY(MYTUN_GENL_NAME);
