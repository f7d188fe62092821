// SPDX-License-Identifier: BSD-3-Clause
/* From the configuration file to the resolver's. */
#include "io/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include "io/hints.h"
#include "io/local_data.h"

enum { HINTS_MEMORY = 1 << 20 };

static bool take_routes(struct hf_settings *settings, const struct hf_config *config, char error[HF_CONFIG_ERROR_MAX])
{
	settings->routes = calloc(config->route_count ? config->route_count : 1, sizeof(*settings->routes));
	if (!settings->routes) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "out of memory");
		return false;
	}
	for (size_t i = 0; i < config->route_count; i++) {
		struct hf_route *route = &settings->routes[i];

		if (!hf_name_from_text(config->routes[i].zone, route->zone)) {
			snprintf(error, HF_CONFIG_ERROR_MAX, "%s: resolver.routes: '%.200s' is no domain name",
				 config->path ? config->path : "configuration", config->routes[i].zone);
			return false;
		}
		route->forward = config->routes[i].forward;
		route->first = config->routes[i].first;
		route->servers = config->routes[i].servers;
		route->server_count = (unsigned)config->routes[i].server_count;
	}
	return true;
}

static bool take_private(struct hf_settings *settings, const struct hf_config *config, char error[HF_CONFIG_ERROR_MAX])
{
	struct hf_private *private = &settings->resolver.private;
	const uint8_t **domains =
		hf_arena_take(settings->arena, (config->private_domain_count + 1) * sizeof(domains[0]));
	bool complete = domains != NULL;

	private->addresses = config->private_addresses;
	private->address_count = (unsigned)config->private_address_count;
	private->domains = domains;
	for (size_t i = 0; complete && i < config->private_domain_count; i++) {
		uint8_t name[HF_NAME_MAX];
		size_t length = hf_name_from_text(config->private_domains[i].text, name);

		hf_name_lower(name, name);
		domains[private->domain_count++] = hf_arena_copy(settings->arena, name, length);
		complete = domains[i] != NULL;
	}
	if (!complete)
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: resolver.private-domains: out of memory", config->path);
	return complete;
}

struct hf_settings *hf_settings_new(const struct hf_config *config, const struct hf_dns64_table *known,
				    char error[HF_CONFIG_ERROR_MAX])
{
	struct hf_settings *settings = calloc(1, sizeof(*settings));
	struct hf_resolver_config *resolver;

	if (!settings || !(settings->arena = hf_arena_new(HINTS_MEMORY))) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "out of memory");
		free(settings);
		return NULL;
	}
	resolver = &settings->resolver;
	hf_resolver_config_defaults(resolver);
	resolver->dns64 = *known;
	if (!hf_config_make_access(config, &resolver->dns64, &settings->access, error) ||
	    !hf_hints_load(config->root_hints, settings->arena, &resolver->hints, &resolver->hint_count, error) ||
	    !take_routes(settings, config, error) || !take_private(settings, config, error) ||
	    !(settings->local = hf_local_data_load(config, settings->routes, (unsigned)config->route_count, error))) {
		hf_settings_free(settings);
		return NULL;
	}
	resolver->routes = settings->routes;
	resolver->route_count = (unsigned)config->route_count;
	resolver->local = settings->local;
	resolver->dns64_synthesise_all = config->dns64_synthesise_all;
	resolver->dns64_ignore_aaaa = config->dns64_ignore_aaaa;
	resolver->dns64_ignore_count = (unsigned)config->dns64_ignore_count;
	resolver->prime = config->prime;
	resolver->use_ipv4 = config->use_ipv4;
	resolver->use_ipv6 = config->use_ipv6;
	resolver->query_loopback = config->query_loopback;
	resolver->do_not_query = config->do_not_query;
	resolver->do_not_query_count = (unsigned)config->do_not_query_count;
	resolver->case_randomization = config->case_randomization;
	resolver->server_order_randomization = config->server_order_randomization;
	resolver->minimal_answers = config->minimal_answers;
	resolver->negative_ns = config->negative_ns;
	resolver->negative_soa_newest = config->negative_soa_newest;
	resolver->prefetch = config->prefetch;
	resolver->qname_minimisation = config->qname_minimisation;
	resolver->edns_size = config->edns_size;
	resolver->timeout_initial_ms = config->timeout_initial_ms;
	resolver->timeout_min_ms = config->timeout_min_ms;
	resolver->timeout_max_ms = config->timeout_max_ms;
	resolver->query_deadline_ms = config->query_deadline_ms;
	resolver->max_upstream_queries = (uint16_t)config->max_upstream_queries;
	resolver->max_clients = config->waiting_queries;
	resolver->server_cookies = config->server_cookies;
	resolver->fetches_per_zone = config->fetches_per_zone;
	resolver->fetches_per_server = config->fetches_per_server;
	resolver->spoof_threshold = config->spoof_threshold;
	resolver->max_ttl = config->max_ttl;
	settings->source_ipv4 = config->source_ipv4;
	settings->source_ipv6 = config->source_ipv6;
	return settings;
}

void hf_settings_free(struct hf_settings *settings)
{
	if (!settings)
		return;
	hf_access_free(settings->access);
	hf_local_drop(settings->local);
	free(settings->routes);
	hf_arena_free(settings->arena);
	free(settings);
}
