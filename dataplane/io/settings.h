// SPDX-License-Identifier: BSD-3-Clause
/* What the resolver threads take of the configuration file, with root hints read and zone names parsed. Built whole
 * before anything is applied, so that a fault in it changes nothing.
 */
#pragma once
#include "base/arena.h"
#include "control/config.h"
#include "resolver/resolver.h"

struct hf_settings {
	struct hf_resolver_config resolver;	    /* its pointers are this struct's */
	struct hf_address source_ipv4, source_ipv6; /* towards servers; family 0: any */
	struct hf_route *routes;
	struct hf_arena *arena; /* holds the hints */
};

/* NULL on a fault, with a text that names file and line, or key, in `error`. */
struct hf_settings *hf_settings_new(const struct hf_config *config, char error[HF_CONFIG_ERROR_MAX]);
void hf_settings_free(struct hf_settings *settings);
