// SPDX-License-Identifier: BSD-3-Clause
/* What a scenario's head means for the product: configuration of cache, resolver and listener. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "cache/cache.h"
#include "policy/access.h"
#include "resolver/resolver.h"
#include "scenario.h"
#include "settings_local.h"
#include "wire/reply.h"

struct sim_settings {
	struct hf_cache_config cache;
	struct hf_resolver_config resolver; /* hints and routes are the arena's */
	struct hf_reply_options reply;
	struct sim_local local;
	struct hf_access *access;
	/* What it was made of: last the rules for whom no other names; these may look into the cache, as scenarios do. */
	struct hf_access_rule access_rules[34];
	unsigned access_count;
	uint32_t queries_at_most; /* upstream, in the whole scenario: more fail it; 0: any number */
	int64_t wall_s; /* at step 0 */
	char *ignored;	/* "a, b": asked for, not had by the product; NULL for none. free() it */
	struct hf_arena *arena;
};

/* False on a value that cannot be used, with "FILE:LINE: …" in `fault`. Fills *settings also then. */
bool sim_settings_read(const struct sim_scenario *scenario, struct sim_settings *settings, char fault[SIM_FAULT_MAX]);
void sim_settings_end(struct sim_settings *settings);
