// SPDX-License-Identifier: BSD-3-Clause
/* From the configuration file to the resolver's. */
#include "io/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include "io/anchors.h"
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

static bool names_root(const struct hf_anchor_records *records)
{
	for (unsigned i = 0; i < records->count; i++)
		if (!hf_rrset_owner(records->sets[i])[0])
			return true;
	return false;
}

static bool take_anchors(struct hf_settings *settings, const struct hf_config *config, char error[HF_CONFIG_ERROR_MAX])
{
	struct hf_anchor_records records = {.count = 0};

	for (size_t i = 0; config->validation && i < config->trust_anchor_count; i++) {
		const struct hf_config_text *text = &config->trust_anchors[i];
		const char *fault = hf_anchors_add_line(text->text, settings->arena, &records);

		if (fault) {
			snprintf(error, HF_CONFIG_ERROR_MAX, "%s:%u: validation.trust-anchors: '%.100s': %s", config->path, text->line,
				 text->text, fault);
			return false;
		}
	}
	if (config->validation && config->trust_anchor_file[0] && !names_root(&records) &&
	    !hf_anchors_add_file(config->trust_anchor_file, settings->arena, &records, error))
		return false;
	if (config->validation && !records.count) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: validation: there is no trust anchor; 'enabled: false' switches validation off",
			 config->path);
		return false;
	}
	settings->resolver.anchors = hf_anchors_new(records.sets, records.count);
	if (!settings->resolver.anchors)
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: validation: out of memory, or too many trust anchors of one zone", config->path);
	return settings->resolver.anchors != NULL;
}

static bool take_ntas(struct hf_settings *settings, const struct hf_config *config, char error[HF_CONFIG_ERROR_MAX])
{
	struct hf_nta *ntas = hf_arena_take(settings->arena, (config->nta_count + 1) * sizeof(ntas[0]));

	for (size_t i = 0; ntas && i < config->nta_count; i++) {
		hf_name_from_text(config->ntas[i].name, ntas[i].name); /* read before */
		ntas[i].ends_s = config->ntas[i].until == INT64_MAX ? HF_NTA_NO_END : config->ntas[i].until;
		snprintf(ntas[i].reason, sizeof(ntas[i].reason), "%s", config->ntas[i].reason ? config->ntas[i].reason : "");
	}
	settings->resolver.ntas = ntas ? hf_ntas_new(ntas, (unsigned)config->nta_count) : NULL;
	if (!settings->resolver.ntas)
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: validation.negative-trust-anchors: out of memory", config->path);
	return settings->resolver.ntas != NULL;
}

static void take_validation(struct hf_resolver_config *resolver, const struct hf_config *config)
{
	resolver->dnssec = (struct hf_dnssec_policy){
		.sha1 = config->sha1,
		.sha1_digest = config->sha1,
		.rsa_bits_min = config->rsa_bits_min,
		.nsec3_iterations_max = config->nsec3_iterations_max,
		.skew_s = config->skew,
	};
	resolver->validation_limit_us = config->validation_cpu_query_us;
	resolver->validation_failures = config->validation_failures;
	resolver->validation_zone_share = (uint16_t)(config->validation_cpu_zone * 10);
	resolver->validation_share = (uint16_t)(config->validation_cpu_total * 10);
	resolver->aggressive_nsec = config->aggressive_nsec;
	resolver->root_key_sentinel = config->root_key_sentinel;
	resolver->trust_anchor_signals = config->trust_anchor_signals;
}

struct hf_settings *hf_settings_new(const struct hf_config *config, const struct hf_dns64_table *known,
				    const struct hf_settings_shared *shared,
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
	resolver->costs = shared->costs;
	resolver->verdicts = shared->verdicts;
	resolver->denials = shared->denials;
	if (!hf_config_make_access(config, &resolver->dns64, &settings->access, error) ||
	    !hf_hints_load(config->root_hints, settings->arena, &resolver->hints, &resolver->hint_count, error) ||
	    !take_anchors(settings, config, error) || !take_ntas(settings, config, error) ||
	    !take_routes(settings, config, error) || !take_private(settings, config, error) ||
	    !(settings->local = hf_local_data_load(config, settings->routes, (unsigned)config->route_count, error))) {
		hf_settings_free(settings);
		return NULL;
	}
	take_validation(resolver, config);
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
	hf_anchors_drop(settings->resolver.anchors);
	hf_ntas_drop(settings->resolver.ntas);
	free(settings->routes);
	hf_arena_free(settings->arena);
	free(settings);
}
