// SPDX-License-Identifier: BSD-3-Clause
/* What the dataplane's threads take of the configuration file, with root hints read, zone names parsed, access rules laid out. Built whole
 * before anything is applied, so that a fault in it changes nothing.
 */
#pragma once
#include "base/arena.h"
#include "control/config.h"
#include "policy/access.h"
#include "resolver/resolver.h"

struct hf_settings {
	struct hf_resolver_config resolver;	    /* its pointers are this struct's */
	struct hf_address source_ipv4, source_ipv6; /* towards servers; family 0: any */
	struct hf_route *routes;
	struct hf_local *local;	  /* one reference is this struct's */
	struct hf_access *access; /* NULL: everybody may ask. Whoever publishes it takes it away from here */
	struct hf_arena *arena; /* holds the hints */
};

/* What all resolvers share of validation, for as long as the process lives. */
struct hf_settings_shared {
	struct hf_costs costs;
	struct hf_verdicts *verdicts;
	struct hf_denials *denials;
};

/* `known` are the DNS64 prefixes that have a number already; they and the new ones are in resolver.dns64. NULL on a fault, with a text that
 * names file and line, or key, in `error`. */
struct hf_settings *hf_settings_new(const struct hf_config *config, const struct hf_dns64_table *known,
				    const struct hf_settings_shared *shared,
				    char error[HF_CONFIG_ERROR_MAX]);
void hf_settings_free(struct hf_settings *settings);
