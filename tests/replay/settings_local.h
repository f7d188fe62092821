// SPDX-License-Identifier: BSD-3-Clause
/* A scenario's local names and private addresses: kept as texts, which the daemon's configuration file takes too (network_config.c), and made into
 * the product's tables.
 */
#pragma once
#include <stdbool.h>
#include "base/prefix.h"
#include "policy/local.h"
#include "resolver/resolver.h"

enum { SIM_LOCAL_MAX = 128, SIM_LOCAL_TEXT_MAX = 400 };

struct sim_local {
	bool special_use;
	unsigned data_count, zone_count, host_count, address_count, domain_count, unasked_count;
	char data[SIM_LOCAL_MAX][SIM_LOCAL_TEXT_MAX]; /* records in zone-file form */
	struct {
		char name[SIM_LOCAL_TEXT_MAX];
		enum hf_local_type type;
		bool bare; /* data in it count for nothing */
	} zones[SIM_LOCAL_MAX];
	char hosts[SIM_LOCAL_MAX][SIM_LOCAL_TEXT_MAX]; /* lines of a hosts file */
	struct hf_prefix addresses[SIM_LOCAL_MAX];
	struct hf_prefix unasked[SIM_LOCAL_MAX]; /* servers */
	char domains[SIM_LOCAL_MAX][SIM_LOCAL_TEXT_MAX];
	char identity[256], version[256];
	/* while read */
	bool hide_identity, hide_version;
	char hint_name[SIM_LOCAL_TEXT_MAX];
};

/* A setting by Unbound's name, with '_', or Deckard's. NULL when it was taken or, with *known false, is another's; else what is wrong. */
const char *sim_local_read(struct sim_local *local, const char *name, const char *value, bool *known);
/* After the last one: into the resolver's configuration, which has the routes already; memory is the arena's, hf_local_drop(config->local) the
 * caller's. NULL, or what is wrong. */
const char *sim_local_make(struct sim_local *local, struct hf_resolver_config *config, struct hf_arena *arena);
