/* SPDX-License-Identifier: GPL-2.0 */
/* Devices and their peers for Prometheus: text of OpenMetrics 1.0. */
#ifndef VPNCTL_METRICS_H
#define VPNCTL_METRICS_H

#include <stdio.h>

#include "model.h"

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

void metrics_family(FILE *out, const char *name, const char *type, const char *unit,
		    const char *help);
void metrics_label(FILE *out, const char *value);
void metrics_write(FILE *out, const struct device *list);
void metrics_end(FILE *out);

#endif /* VPNCTL_METRICS_H */
