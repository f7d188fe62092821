// SPDX-License-Identifier: BSD-3-Clause
/* From what the daemons count to OpenMetrics text (https://openmetrics.io, version 1.0.0). Pure; any thread. */
#pragma once
#include <jansson.h>
#include <stddef.h>

#define HF_METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* `status` and `stats` are holdfastd's answers to the methods of these names (control/rpc_protocol.h); what they lack
 * (no dataplane, no kernel program) is left out. Families and label values come from the counter lists of the C sources
 * alone, so their number is bounded whatever the dataplane says. Returns malloc()ed text, NULL without memory. */
char *hf_metrics_text(const json_t *status, const json_t *stats, size_t *length);

/* Writes `value` as a label value: backslash, quote and newline escaped; what is not UTF-8 becomes '?'. `out` is a FILE
 * *. */
void hf_metrics_write_label(void *out, const char *value);
