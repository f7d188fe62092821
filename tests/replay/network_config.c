// SPDX-License-Identifier: BSD-3-Clause
/* A scenario's settings as a configuration file; see network_config.h. What the two structures of the settings hold and a file can
 * say is written out, defaults too, so that both targets of the players have the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include "network_config.h"
#include "io/sockaddr.h"
#include "wire/name.h"
#include "wire/rrset.h"

static bool write_hints(const struct hf_resolver_config *resolver, const char *path)
{
	FILE *out = fopen(path, "we");
	char name[HF_NAME_TEXT_MAX];

	if (!out)
		return false;
	for (unsigned i = 0; i < resolver->hint_count; i++) {
		const struct hf_rrset *set = resolver->hints[i];

		for (struct hf_rdata rdata = hf_rrset_first(set); rdata.bytes; rdata = hf_rrset_next(set, rdata)) {
			char address[INET6_ADDRSTRLEN];

			fprintf(out, "%s %" PRIu32 " IN ", hf_name_to_text(hf_rrset_owner(set), name), set->ttl);
			if (set->type == HF_TYPE_NS)
				fprintf(out, "NS %s\n", hf_name_to_text(rdata.bytes, name));
			else
				fprintf(out, "%s %s\n", set->type == HF_TYPE_A ? "A" : "AAAA",
					inet_ntop(set->type == HF_TYPE_A ? AF_INET : AF_INET6, rdata.bytes, address,
						  sizeof(address)));
		}
	}
	return fclose(out) == 0;
}

static void write_routes(FILE *out, const struct hf_resolver_config *resolver)
{
	char name[HF_NAME_TEXT_MAX], address[HF_ADDRESS_TEXT_MAX];

	if (resolver->route_count)
		fputs("  routes:\n", out);
	for (unsigned i = 0; i < resolver->route_count; i++) {
		const struct hf_route *route = &resolver->routes[i];

		fprintf(out, "    - zone: '%s'\n      %s: [", hf_name_to_text(route->zone, name),
			route->forward ? "forward" : "stub");
		for (unsigned k = 0; k < route->server_count; k++)
			fprintf(out, "%s\"%s\"", k ? ", " : "", hf_address_to_text(&route->servers[k], address));
		fprintf(out, "]\n      first: %s\n", route->first ? "true" : "false");
	}
}

static void write_switch(FILE *out, const char *key, bool on)
{
	fprintf(out, "  %s: %s\n", key, on ? "true" : "false");
}

static void write_number(FILE *out, const char *key, uint64_t number)
{
	fprintf(out, "  %s: %" PRIu64 "\n", key, number);
}

static void write_resolver(FILE *out, const struct hf_resolver_config *resolver, const char *folder)
{
	fprintf(out, "resolver:\n  root-hints: %s/root.hints\n", folder);
	write_switch(out, "priming", resolver->prime);
	write_switch(out, "prefetch", resolver->prefetch);
	write_switch(out, "case-randomization", resolver->case_randomization);
	write_switch(out, "server-order-randomization", resolver->server_order_randomization);
	write_switch(out, "minimal-answers", resolver->minimal_answers);
	write_switch(out, "negative-ns", resolver->negative_ns);
	write_switch(out, "negative-soa-newest", resolver->negative_soa_newest);
	write_switch(out, "ipv4", resolver->use_ipv4);
	write_switch(out, "ipv6", resolver->use_ipv6);
	write_switch(out, "query-loopback", resolver->query_loopback);
	write_switch(out, "qname-minimisation", resolver->qname_minimisation);
	write_number(out, "edns-size", resolver->edns_size);
	write_number(out, "timeout-initial-ms", resolver->timeout_initial_ms);
	write_number(out, "timeout-min-ms", resolver->timeout_min_ms);
	write_number(out, "timeout-max-ms", resolver->timeout_max_ms);
	write_number(out, "query-deadline-ms", resolver->query_deadline_ms);
	write_number(out, "max-upstream-queries", resolver->max_upstream_queries);
	write_switch(out, "server-cookies", resolver->server_cookies);
	write_number(out, "fetches-per-zone", resolver->fetches_per_zone);
	write_number(out, "fetches-per-server", resolver->fetches_per_server);
	write_number(out, "spoof-threshold", resolver->spoof_threshold);
	write_routes(out, resolver);
}

static void write_access(FILE *out, const struct sim_settings *settings)
{
	static const char *const actions[] = {"allow", "allow-snoop", "refuse", "drop"};
	char text[HF_PREFIX_TEXT_MAX];

	fputs("access-control:\n", out);
	for (unsigned i = 0; i < settings->access_count; i++) {
		const struct hf_access_rule *rule = &settings->access_rules[i];
		const unsigned dns64 = rule->verdict.dns64;

		fprintf(out, "  - clients: \"%s\"\n    action: %s\n", hf_prefix_to_text(&rule->clients, text),
			actions[rule->verdict.action]);
		if (dns64 && rule->verdict.action < HF_ACCESS_REFUSE)
			fprintf(out, "    dns64: \"%s\"\n",
				hf_prefix_to_text(&settings->resolver.dns64.prefixes[dns64 - 1], text));
	}
}

/* In single quotes, where YAML knows no escapes but the doubled quote. */
static void write_quoted(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', out);
		fputc(*text, out);
	}
	fputc('\'', out);
}

static void write_texts(FILE *out, const char *key, const char (*texts)[SIM_LOCAL_TEXT_MAX], unsigned count)
{
	fprintf(out, "  %s: [", key);
	for (unsigned i = 0; i < count; i++) {
		fputs(i ? ", " : "", out);
		write_quoted(out, texts[i]);
	}
	fputs("]\n", out);
}

static bool write_local(FILE *out, const struct sim_local *local, const char *folder)
{
	char path[128];
	FILE *hosts;

	snprintf(path, sizeof(path), "%s/hosts", folder);
	hosts = fopen(path, "we");
	if (!hosts)
		return false;
	for (unsigned i = 0; i < local->host_count; i++)
		fprintf(hosts, "%s\n", local->hosts[i]);
	if (fclose(hosts) != 0)
		return false;
	fprintf(out, "local:\n  hosts-file: %s\n  special-use: %s\n", path, local->special_use ? "true" : "false");
	write_texts(out, "data", local->data, local->data_count);
	fputs("  zones:", out);
	if (!local->zone_count)
		fputs(" []", out);
	for (unsigned i = 0; i < local->zone_count; i++) {
		fputs("\n    - zone: ", out);
		write_quoted(out, local->zones[i].name);
		fprintf(out, "\n      type: %s", hf_local_type_texts[local->zones[i].type]);
	}
	fputs("\nserver:\n  identity: ", out);
	write_quoted(out, local->identity);
	fputs("\n  version: ", out);
	write_quoted(out, local->version);
	fputc('\n', out);
	return true;
}

static void write_prefixes(FILE *out, const char *key, const struct hf_prefix *prefixes, unsigned count)
{
	char prefix[HF_PREFIX_TEXT_MAX];

	fprintf(out, "  %s: [", key);
	for (unsigned i = 0; i < count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", hf_prefix_to_text(&prefixes[i], prefix));
	fputs("]\n", out);
}

static void write_private(FILE *out, const struct sim_local *local)
{
	write_prefixes(out, "do-not-query", local->unasked, local->unasked_count);
	write_prefixes(out, "private-addresses", local->addresses, local->address_count);
	write_texts(out, "private-domains", local->domains, local->domain_count);
}

static void write_dns64(FILE *out, const struct hf_resolver_config *resolver)
{
	const uint8_t *zone = resolver->dns64_ignore_aaaa;
	char text[HF_NAME_TEXT_MAX];

	fprintf(out, "dns64:\n  synthesise-all: %s\n  ignore-aaaa: [", resolver->dns64_synthesise_all ? "true" : "false");
	for (unsigned i = 0; i < resolver->dns64_ignore_count; i++, zone += hf_name_length(zone))
		fprintf(out, "%s'%s'", i ? ", " : "", hf_name_to_text(zone, text));
	fputs("]\n", out);
}

/* Octets, as of an unknown type (RFC 3597 §5). */
static void write_rdata(FILE *out, const struct hf_rdata *rdata)
{
	fprintf(out, "\\# %u ", rdata->length);
	for (unsigned i = 0; i < rdata->length; i++)
		fprintf(out, "%02x", rdata->bytes[i]);
}

static void write_anchors(FILE *out, const struct hf_anchors *anchors)
{
	char name[HF_NAME_TEXT_MAX], type[HF_TYPE_TEXT_MAX];

	fputs("  trust-anchors:\n", out);
	for (unsigned i = 0; i < hf_anchors_count(anchors); i++) {
		struct hf_anchor anchor;
		const uint8_t *zone = hf_anchors_zone(anchors, i, &anchor);
		const struct hf_rrset *sets[] = {anchor.ds, anchor.dnskey};

		for (unsigned k = 0; k < 2; k++)
			for (struct hf_rdata r = sets[k] ? hf_rrset_first(sets[k]) : (struct hf_rdata){0}; r.bytes;
			     r = hf_rrset_next(sets[k], r)) {
				fprintf(out, "    - '%s IN %s ", hf_name_to_text(zone, name), hf_type_to_text(sets[k]->type, type));
				write_rdata(out, &r);
				fputs("'\n", out);
			}
	}
}

static void write_validation(FILE *out, const struct hf_resolver_config *resolver)
{
	char name[HF_NAME_TEXT_MAX];

	fputs("validation:\n  trust-anchor-file: ''\n", out);
	write_switch(out, "enabled", hf_anchors_count(resolver->anchors) > 0);
	if (hf_anchors_count(resolver->anchors))
		write_anchors(out, resolver->anchors);
	fputs("  negative-trust-anchors: [", out);
	for (unsigned i = 0; i < hf_ntas_count(resolver->ntas); i++)
		fprintf(out, "%s'%s'", i ? ", " : "", hf_name_to_text(hf_ntas_get(resolver->ntas, i)->name, name));
	fputs("]\n", out);
	write_switch(out, "sha1", resolver->dnssec.sha1);
	write_number(out, "rsa-bits-min", resolver->dnssec.rsa_bits_min);
	write_number(out, "nsec3-iterations-max", resolver->dnssec.nsec3_iterations_max);
	write_number(out, "cpu-per-query-us", resolver->validation_limit_us);
	write_number(out, "cpu-per-zone", (resolver->validation_zone_share + 9) / 10);
	write_number(out, "failures-per-query", resolver->validation_failures);
	write_switch(out, "aggressive-nsec", resolver->aggressive_nsec);
	write_switch(out, "root-key-sentinel", resolver->root_key_sentinel);
	write_switch(out, "trust-anchor-signals", resolver->trust_anchor_signals);
}

bool sim_config_write(const struct sim_settings *settings, const char *folder)
{
	char path[128];
	FILE *out;
	bool good;

	snprintf(path, sizeof(path), "%s/root.hints", folder);
	if (!write_hints(&settings->resolver, path))
		return false;
	snprintf(path, sizeof(path), "%s/holdfast.yaml", folder);
	out = fopen(path, "we");
	if (!out)
		return false;
	fprintf(out, "listen: [\"%s:%d\", \"[%s]:%d\"]\n", SIM_DAEMON_ADDRESS, SIM_DAEMON_PORT, SIM_DAEMON_ADDRESS6,
		SIM_DAEMON_PORT);
	fprintf(out, "control:\n  dataplane-socket: %s/dataplane.sock\n  control-socket: %s/holdfastd.sock\n  http: off\n",
		folder, folder);
	/* The mock servers see by the daemon's port whether it still waits for a reply; a steered query holds none. */
	fputs("dataplane:\n  upstream: sockets\n", out);
	write_access(out, settings);
	write_dns64(out, &settings->resolver);
	fputs("cache:\n", out);
	write_number(out, "size", settings->cache.bytes);
	write_number(out, "min-ttl", settings->cache.min_ttl);
	write_number(out, "max-ttl", settings->cache.max_ttl);
	write_number(out, "max-negative-ttl", settings->cache.max_negative_ttl);
	fputs("clients:\n", out);
	write_number(out, "discard-timeout-ms", 0); /* a scenario's client waits for five seconds */
	write_resolver(out, &settings->resolver, folder);
	write_private(out, &settings->local);
	write_validation(out, &settings->resolver);
	good = write_local(out, &settings->local, folder);
	return fclose(out) == 0 && good;
}
