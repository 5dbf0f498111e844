/* SPDX-License-Identifier: GPL-2.0 */
/* Commands that would leave something half done end where they can clean up. */
#ifndef VPNCTL_INTERRUPT_H
#define VPNCTL_INTERRUPT_H

#include <signal.h>

extern volatile sig_atomic_t interrupted;

void interrupt_catch(void);

#endif /* VPNCTL_INTERRUPT_H */
