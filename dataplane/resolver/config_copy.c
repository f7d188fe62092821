// SPDX-License-Identifier: BSD-3-Clause
/* The resolver's settings: their defaults, and the copy it keeps. */
#include "resolver/config_copy.h"
#include <stdlib.h>
#include <string.h>

void hf_resolver_config_defaults(struct hf_resolver_config *config)
{
	*config = (struct hf_resolver_config){
		.prime = true,
		.use_ipv4 = true,
		.use_ipv6 = true,
		.case_randomization = true,
		.server_order_randomization = true,
		.minimal_answers = true,
		.prefetch = true,
		.qname_minimisation = true,
		.edns_size = HF_EDNS_SIZE_DEFAULT,
		.timeout_initial_ms = 400,
		.timeout_min_ms = 50,
		.timeout_max_ms = 3000,
		.query_deadline_ms = 6000,
		.max_upstream_queries = 100,
		.max_depth = 8,
		.max_chain = 12,
		.max_clients = 16384,
		.failure_ttl_ms = 5000,
		.max_ttl = 86400,
		.server_cookies = true,
		.fetches_per_zone = 1000,
		.fetches_per_server = 2000,
		.spoof_threshold = 100,
		.dnssec = hf_dnssec_policy_default,
		.costs = hf_costs_default,
		.validation_limit_us = 20000,
		.validation_failures = 5,
		.validation_zone_share = 50,
		.validation_share = 700,
		.aggressive_nsec = true,
		.root_key_sentinel = true,
		.trust_anchor_signals = true,
	};
}

void hf_config_copy_free(struct hf_resolver_config *config)
{
	for (unsigned i = 0; config->hints && i < config->hint_count; i++)
		free((void *)config->hints[i]);
	free((void *)config->hints);
	for (unsigned i = 0; config->routes && i < config->route_count; i++)
		free((void *)config->routes[i].servers);
	free((void *)config->routes);
	for (unsigned i = 0; config->private.domains && i < config->private.domain_count; i++)
		free((void *)config->private.domains[i]);
	free((void *)config->private.domains);
	free((void *)config->private.addresses);
	free((void *)config->do_not_query);
	hf_local_drop(config->local);
	hf_anchors_drop(config->anchors);
	hf_ntas_drop(config->ntas);
	free((void *)config->dns64_ignore_aaaa);
	config->dns64_ignore_aaaa = NULL;
	config->hints = NULL;
	config->routes = NULL;
	config->private = (struct hf_private){0};
	config->do_not_query = NULL;
	config->local = NULL;
	config->anchors = NULL;
	config->ntas = NULL;
}

static void *copy_bytes(const void *bytes, size_t size)
{
	void *copy = malloc(size ? size : 1);

	return copy && size ? memcpy(copy, bytes, size) : copy;
}

static bool copy_private(struct hf_private *out, const struct hf_private *private)
{
	const uint8_t **domains = calloc(private->domain_count + 1, sizeof(domains[0]));

	*out = *private;
	out->domains = domains;
	out->addresses = copy_bytes(private->addresses, private->address_count * sizeof(private->addresses[0]));
	if (!out->addresses || !domains)
		return false;
	for (unsigned i = 0; i < private->domain_count; i++) {
		domains[i] = copy_bytes(private->domains[i], hf_name_length(private->domains[i]));
		if (!domains[i])
			return false;
	}
	return true;
}

bool hf_config_copy_make(struct hf_resolver_config *out, const struct hf_resolver_config *config)
{
	const struct hf_rrset **hints = calloc(config->hint_count + 1, sizeof(hints[0]));
	struct hf_route *routes = calloc(config->route_count + 1, sizeof(routes[0]));
	const uint8_t *end = config->dns64_ignore_aaaa;
	bool complete;

	*out = *config;
	for (unsigned i = 0; i < config->dns64_ignore_count; i++)
		end += hf_name_length(end);
	out->dns64_ignore_aaaa = copy_bytes(config->dns64_ignore_aaaa, (size_t)(end - config->dns64_ignore_aaaa));
	out->do_not_query = copy_bytes(config->do_not_query, config->do_not_query_count * sizeof(config->do_not_query[0]));
	complete = hints && routes && out->dns64_ignore_aaaa && out->do_not_query;
	out->hints = hints;
	out->routes = routes;
	out->local = hf_local_hold(config->local);
	out->anchors = hf_anchors_hold(config->anchors);
	out->ntas = hf_ntas_hold(config->ntas);
	complete = copy_private(&out->private, &config->private) && complete;
	for (unsigned i = 0; complete && i < config->hint_count; i++) {
		hints[i] = copy_bytes(config->hints[i], config->hints[i]->size);
		complete = hints[i] != NULL;
	}
	for (unsigned i = 0; complete && i < config->route_count; i++) {
		routes[i] = config->routes[i];
		routes[i].servers = copy_bytes(routes[i].servers, routes[i].server_count * sizeof(routes[i].servers[0]));
		complete = routes[i].servers != NULL;
		if (!complete)
			routes[i].servers = NULL;
	}
	if (!complete)
		hf_config_copy_free(out);
	return complete;
}
