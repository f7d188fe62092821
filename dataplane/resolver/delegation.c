// SPDX-License-Identifier: BSD-3-Clause
/* Finding the servers of a zone; see delegation.h. */
#include "resolver/delegation.h"
#include <string.h>

static const uint16_t address_types[] = {HF_TYPE_A, HF_TYPE_AAAA};

static bool is_v4_mapped(const uint8_t bytes[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

static bool is_zero(const uint8_t *bytes, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (bytes[i])
			return false;
	return true;
}

bool hf_delegation_may_ask(const struct hf_resolver_config *config, const struct hf_address *address)
{
	const uint8_t *b = address->bytes;

	for (unsigned i = 0; i < config->do_not_query_count; i++)
		if (hf_prefix_holds(&config->do_not_query[i], address->family, b))
			return false;
	if (address->family == 4) {
		if (!config->use_ipv4 || b[0] == 0 || b[0] >= 224) /* "this network", multicast, reserved, broadcast */
			return false;
		return b[0] != 127 || config->query_loopback;
	}
	if (address->family != 6 || !config->use_ipv6 || b[0] == 0xff || is_v4_mapped(b))
		return false;
	if (is_zero(b, 15))
		return b[15] == 1 && config->query_loopback; /* :: and ::1 */
	return true;
}

static bool has_address(const struct hf_delegation *delegation, const struct hf_address *address)
{
	for (unsigned i = 0; i < delegation->address_count; i++)
		if (hf_address_equal(&delegation->addresses[i].address, address))
			return true;
	return false;
}

static bool add_address(struct hf_delegation *delegation, const struct hf_address *address, bool last_resort)
{
	if (delegation->address_count == HF_DELEGATION_ADDRESSES_MAX || has_address(delegation, address))
		return false;
	delegation->addresses[delegation->address_count++] =
		(struct hf_delegation_address){.address = *address, .last_resort = last_resort};
	return true;
}

unsigned hf_delegation_add_addresses(struct hf_delegation *delegation, const struct hf_resolver_config *config,
				     const struct hf_rrset *rrset, int server, bool last_resort)
{
	unsigned added = 0, seen = 0;

	for (struct hf_rdata r = hf_rrset_first(rrset); r.bytes && r.index < rrset->count; r = hf_rrset_next(rrset, r)) {
		struct hf_address address = {.family = rrset->type == HF_TYPE_A ? 4 : 6, .port = 53};

		if (r.length != (address.family == 4 ? 4 : 16))
			continue;
		memcpy(address.bytes, r.bytes, r.length);
		if (!hf_delegation_may_ask(config, &address))
			continue;
		if (server >= 0)
			delegation->servers[server].has_address = true;
		added += add_address(delegation, &address, last_resort);
		if (++seen == HF_DELEGATION_PER_NAME_MAX)
			break;
	}
	return added;
}

bool hf_delegation_has_unasked(const struct hf_delegation *delegation)
{
	for (unsigned i = 0; i < delegation->server_count; i++)
		if (!delegation->servers[i].asked)
			return true;
	return false;
}

static void start(struct hf_delegation *delegation, enum hf_delegation_source source, const uint8_t *zone)
{
	delegation->source = source;
	delegation->ends_ns = UINT64_MAX;
	delegation->server_count = delegation->address_count = 0;
	hf_name_lower(zone, delegation->zone);
}

static bool add_servers(struct hf_delegation *delegation, struct hf_arena *arena, const struct hf_rrset *ns)
{
	for (struct hf_rdata r = hf_rrset_first(ns); r.bytes && r.index < ns->count; r = hf_rrset_next(ns, r)) {
		uint8_t *name;

		if (delegation->server_count == HF_DELEGATION_SERVERS_MAX)
			break;
		name = hf_arena_take(arena, hf_name_length(r.bytes));
		if (!name)
			return false;
		hf_name_lower(r.bytes, name);
		delegation->servers[delegation->server_count++] = (struct hf_delegation_server){.name = name};
	}
	return true;
}

static bool family_used(const struct hf_resolver_config *config, uint16_t type)
{
	return type == HF_TYPE_A ? config->use_ipv4 : config->use_ipv6;
}

/* Addresses that the cache has for a server's name; with facts on all families there is nothing left to fetch. */
static void add_cached(struct hf_delegation *delegation, const struct hf_delegation_context *context, unsigned server)
{
	struct hf_delegation_server *s = &delegation->servers[server];
	unsigned unknown = 0;

	for (unsigned i = 0; i < 2; i++) {
		const struct hf_cache_entry *entry;

		if (!family_used(context->config, address_types[i]))
			continue;
		entry = hf_cache_lookup(context->cache, s->name, address_types[i], HF_CLASS_IN, context->now);
		if (!entry)
			unknown++;
		else if (entry->fact == HF_FACT_RRSET)
			hf_delegation_add_addresses(delegation, context->config, entry->rrset, (int)server, false);
	}
	if (!unknown)
		s->asked = true;
}

/* Leads somewhere: an address, or a server name that does not need this very delegation to be looked up. */
static bool is_useful(const struct hf_delegation *delegation)
{
	if (delegation->address_count)
		return true;
	for (unsigned i = 0; i < delegation->server_count; i++)
		if (!delegation->servers[i].asked &&
		    !hf_name_is_below_or_equal(delegation->servers[i].name, delegation->zone))
			return true;
	return false;
}

bool hf_delegation_from_cache(struct hf_delegation *delegation, const struct hf_delegation_context *context,
			      const uint8_t *name)
{
	for (; name[0]; name = hf_name_parent(name)) {
		const struct hf_cache_entry *entry =
			hf_cache_lookup(context->cache, name, HF_TYPE_NS, HF_CLASS_IN, context->now);

		if (!entry || entry->fact != HF_FACT_RRSET)
			continue;
		start(delegation, HF_DELEGATION_CACHE, name);
		delegation->ends_ns = entry->expires_ns;
		if (!add_servers(delegation, context->arena, entry->rrset))
			return false;
		for (unsigned i = 0; i < delegation->server_count; i++)
			add_cached(delegation, context, i);
		if (is_useful(delegation))
			return true;
	}
	return false;
}

uint64_t hf_delegation_latest_end(const struct hf_delegation *delegation, const uint8_t *owner)
{
	bool of_top_level = hf_name_label_count(delegation->zone) <= 1;

	return of_top_level && !hf_name_equal(owner, delegation->zone) ? UINT64_MAX : delegation->ends_ns;
}

static void add_hints(struct hf_delegation *delegation, const struct hf_delegation_context *context)
{
	const struct hf_resolver_config *config = context->config;

	for (unsigned i = 0; i < config->hint_count; i++) {
		const struct hf_rrset *hint = config->hints[i];
		int server = -1;

		if (hint->type != HF_TYPE_A && hint->type != HF_TYPE_AAAA)
			continue;
		for (unsigned s = 0; s < delegation->server_count; s++)
			if (hf_name_equal(delegation->servers[s].name, hf_rrset_owner(hint)))
				server = (int)s;
		if (server < 0 || !delegation->servers[server].has_address)
			hf_delegation_add_addresses(delegation, config, hint, server, false);
	}
}

bool hf_delegation_from_root(struct hf_delegation *delegation, const struct hf_delegation_context *context,
			     bool hints_only)
{
	const struct hf_resolver_config *config = context->config;
	const struct hf_cache_entry *entry = NULL;

	if (!hints_only)
		entry = hf_cache_lookup(context->cache, hf_name_root, HF_TYPE_NS, HF_CLASS_IN, context->now);
	start(delegation, HF_DELEGATION_HINTS, hf_name_root);
	if (entry && entry->fact == HF_FACT_RRSET) {
		if (!add_servers(delegation, context->arena, entry->rrset))
			return false;
		for (unsigned i = 0; i < delegation->server_count; i++)
			add_cached(delegation, context, i);
	} else {
		for (unsigned i = 0; i < config->hint_count; i++)
			if (config->hints[i]->type == HF_TYPE_NS &&
			    !add_servers(delegation, context->arena, config->hints[i]))
				return false;
	}
	if (!delegation->address_count)
		add_hints(delegation, context);
	/* The root's servers are never looked up by name: that needs the root. */
	for (unsigned i = 0; i < delegation->server_count; i++)
		delegation->servers[i].asked = true;
	return delegation->address_count > 0;
}

bool hf_delegation_from_referral(struct hf_delegation *delegation, const struct hf_delegation_context *context,
				 const struct hf_rrset *ns, const struct hf_rrset *const *glue, unsigned glue_count)
{
	start(delegation, HF_DELEGATION_REFERRAL, hf_rrset_owner(ns));
	if (!add_servers(delegation, context->arena, ns))
		return false;
	for (unsigned s = 0; s < delegation->server_count; s++) {
		for (unsigned i = 0; i < glue_count; i++)
			if (hf_name_equal(hf_rrset_owner(glue[i]), delegation->servers[s].name))
				hf_delegation_add_addresses(delegation, context->config, glue[i], (int)s, false);
		if (!delegation->servers[s].has_address)
			add_cached(delegation, context, s);
	}
	return true;
}

void hf_delegation_from_route(struct hf_delegation *delegation, const struct hf_delegation_context *context,
			      const struct hf_route *route)
{
	start(delegation, route->forward ? HF_DELEGATION_FORWARD : HF_DELEGATION_STUB, route->zone);
	for (unsigned i = 0; i < route->server_count; i++)
		if (hf_delegation_may_ask(context->config, &route->servers[i]))
			add_address(delegation, &route->servers[i], false);
}

const struct hf_route *hf_delegation_route(const struct hf_resolver_config *config, const uint8_t *name)
{
	const struct hf_route *best = NULL;
	unsigned best_labels = 0;

	for (unsigned i = 0; i < config->route_count; i++) {
		const struct hf_route *route = &config->routes[i];

		if (hf_name_is_below_or_equal(name, route->zone) &&
		    (!best || hf_name_label_count(route->zone) > best_labels)) {
			best = route;
			best_labels = hf_name_label_count(route->zone);
		}
	}
	return best;
}
