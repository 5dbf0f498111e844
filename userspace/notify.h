/* SPDX-License-Identifier: GPL-2.0 */
/* What a service tells systemd (sd_notify(3)), and the clock that the agent goes by. */
#ifndef VPNCTL_NOTIFY_H
#define VPNCTL_NOTIFY_H

#include <stdint.h>

int notify(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int64_t notify_watchdog_ms(void);
int64_t now_ms(void);

#endif /* VPNCTL_NOTIFY_H */
