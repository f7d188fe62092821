// SPDX-License-Identifier: BSD-3-Clause
/* Where to ask next: a zone, the names of its servers, and the addresses known so far.
 * It comes from the cache (the closest known cut), from a referral just received, from the root hints, or from a
 * configured route. It belongs to one fetch and its names are in that fetch's arena.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "base/arena.h"
#include "base/now.h"
#include "cache/cache.h"
#include "resolver/resolver.h"

enum {
	HF_DELEGATION_SERVERS_MAX = 24,	  /* names; more are not looked at (NRDelegation) */
	HF_DELEGATION_ADDRESSES_MAX = 48,
	HF_DELEGATION_PER_NAME_MAX = 8, /* addresses of one family of one name */
};

enum hf_delegation_source {
	HF_DELEGATION_NONE,
	HF_DELEGATION_HINTS,
	HF_DELEGATION_CACHE,
	HF_DELEGATION_REFERRAL,
	HF_DELEGATION_STUB,
	HF_DELEGATION_FORWARD,
};

struct hf_delegation_server {
	const uint8_t *name;
	bool has_address; /* one of the addresses is its */
	bool asked;	  /* its addresses were fetched, or need not be: nothing more to be had of it */
};

struct hf_delegation_address {
	struct hf_address address;
	uint8_t sends;	  /* of the fetch's present question to it */
	bool failed;	  /* replied badly, or its transport failed: not again for this delegation */
	bool recursive;	  /* answered as a recursive server: only when nothing else is left */
	bool last_resort; /* an old address from the parent side */
};

struct hf_delegation {
	enum hf_delegation_source source;
	uint64_t ends_ns; /* of what the parent gave; UINT64_MAX for the root and configured routes */
	uint8_t zone[HF_NAME_MAX];
	struct hf_delegation_server servers[HF_DELEGATION_SERVERS_MAX];
	unsigned server_count;
	struct hf_delegation_address addresses[HF_DELEGATION_ADDRESSES_MAX];
	unsigned address_count;
};

/* What it takes to look a delegation up. */
struct hf_delegation_context {
	const struct hf_resolver_config *config;
	struct hf_cache *cache;
	struct hf_arena *arena;
	struct hf_now now;
};

/* The closest cut at or above `name` that the cache knows and that leads somewhere: with an address, or with a server name
 * outside the zone whose address can be fetched. False when there is none below the root; `delegation` is then undefined. */
bool hf_delegation_from_cache(struct hf_delegation *delegation, const struct hf_delegation_context *context,
			      const uint8_t *name);
/* The root's servers: from the cache if it was primed, with addresses from the hints where the cache has none. */
bool hf_delegation_from_root(struct hf_delegation *delegation, const struct hf_delegation_context *context,
			     bool hints_only);
/* From a referral and its scrubbed glue; the cache helps out for names without glue. */
bool hf_delegation_from_referral(struct hf_delegation *delegation, const struct hf_delegation_context *context,
				 const struct hf_rrset *ns, const struct hf_rrset *const *glue, unsigned glue_count);
void hf_delegation_from_route(struct hf_delegation *delegation, const struct hf_delegation_context *context,
			      const struct hf_route *route);

/* The route of the longest zone at or above `name`, NULL for none. */
const struct hf_route *hf_delegation_route(const struct hf_resolver_config *config, const uint8_t *name);

/* Adds the addresses of an A or AAAA set, for the server `owner` stands for (index, or -1). Returns how many are new. */
unsigned hf_delegation_add_addresses(struct hf_delegation *delegation, const struct hf_resolver_config *config,
				     const struct hf_rrset *rrset, int server, bool last_resort);

/* When an NS set of `owner` that the delegation's servers gave has to end, whatever its TTL; UINT64_MAX: when it likes. A zone prolongs
 * neither its own delegation, by a reply held back until that has ended (CVE-2022-30699), nor, by cuts further down, itself
 * (CVE-2022-30698). Top-level domains do not vanish so, and what they delegate need not end with them, all at one moment. */
uint64_t hf_delegation_latest_end(const struct hf_delegation *delegation, const uint8_t *owner);

/* An address we are willing to send to at all. */
bool hf_delegation_may_ask(const struct hf_resolver_config *config, const struct hf_address *address);

/* True when some server name may still bring addresses. */
bool hf_delegation_has_unasked(const struct hf_delegation *delegation);
