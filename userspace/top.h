/* SPDX-License-Identifier: GPL-2.0 */
/* A screen of devices and peers with their rates. */
#ifndef VPNCTL_TOP_H
#define VPNCTL_TOP_H

#include "format.h"

#define TOP_WIDTH 80
/* A session is not used for longer; older, and the peer is not there. */
#define TOP_ALIVE 180 /* seconds */

/**
 * struct top - what a screen shows
 * @now: the devices with their peers
 * @before: the same a while ago; NULL: there are no rates yet
 * @seconds: how long ago
 * @width: columns
 * @height: lines; 0: as many as there are
 */
struct top {
	const struct device *now;
	const struct device *before;
	double seconds;
	unsigned int width;
	unsigned int height;
};

/**
 * struct top_row - a peer
 * @dev: its device
 * @peer: the peer
 * @rx: bytes from it in a second; less than 0: not known
 * @tx: bytes to it
 */
struct top_row {
	const struct device *dev;
	const struct peer *peer;
	double rx;
	double tx;
};

struct top_row *top_rows(const struct top *top, size_t *n);
const char *top_rate(char text[16], double bytes);
const char *top_count(char text[16], double n);
const char *top_age(char text[16], const struct timespec *when, time_t now);
int top_screen(const struct style *style, const struct top *top);

#endif /* VPNCTL_TOP_H */
