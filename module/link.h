/* SPDX-License-Identifier: GPL-2.0 */
/* The link type: ip link add ... type mytun. */
#ifndef _MYTUN_LINK_H
#define _MYTUN_LINK_H

int mytun_link_init(void);
void mytun_link_uninit(void);

#endif /* _MYTUN_LINK_H */
