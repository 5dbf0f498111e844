/* SPDX-License-Identifier: GPL-2.0 */
/* Host names of endpoints into addresses. */
#ifndef VPNCTL_ENDPOINT_H
#define VPNCTL_ENDPOINT_H

#include "model.h"

int endpoints_resolve(struct device *dev, const char *source);

#endif /* VPNCTL_ENDPOINT_H */
