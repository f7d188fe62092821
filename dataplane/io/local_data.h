// SPDX-License-Identifier: BSD-3-Clause
/* The table of local names (policy/local.h) from what the configuration says, and from the hosts file that it names. */
#pragma once
#include "control/config.h"
#include "policy/local.h"
#include "resolver/resolver.h"

#define HF_LOCAL_DATA_TTL 3600 /* of a record that is given without one */

/* The whole: zones, data, hosts file, then special-use names. `routes` as they are of the same configuration. NULL on a fault, with a text that
 * names file and line, or key, in `error`. */
struct hf_local *hf_local_data_load(const struct hf_config *config, const struct hf_route *routes, unsigned route_count,
				    char error[HF_CONFIG_ERROR_MAX]);

/* ---- its steps ---- */

/* One record in zone-file form (RFC 1035 §5.1), names absolute. NULL, or what is wrong; the text lives until the next call in this thread. */
const char *hf_local_data_add(struct hf_local *local, const char *text);
bool hf_local_data_add_hosts(struct hf_local *local, const char *path, char error[HF_CONFIG_ERROR_MAX]);
const char *hf_local_data_add_special_use(struct hf_local *local, const struct hf_route *routes, unsigned route_count);
