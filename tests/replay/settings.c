// SPDX-License-Identifier: BSD-3-Clause
/* What a scenario's head means for the product; see settings.h.
 *
 * Chance is off unless the scenario asks for it (0x20, order of servers), so that a run repeats; the client's deadline of
 * five seconds is the scenario's, so the resolver must give up before it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "io/anchors.h"
#include "io/hints.h"
#include "settings.h"

#define DEFAULT_ROOT_NAME "k.root-servers.net."
#define ROOT_HINTS "/usr/share/dns/root.hints"
#define HINT_TTL 3600000
#define DEFAULT_WALL 1767225600 /* 2026-01-01 */
#define QUERY_DEADLINE_MS 4500
#define UNBOUND_ITERATIONS 150 /* of NSEC3 that Unbound takes; RFC 9276 §3.2 lets resolvers choose */

/* While the head is read: what becomes hints and routes at its end. */
struct reading {
	const struct sim_scenario *scenario;
	const struct sim_setting *setting; /* in hand */
	struct sim_settings *settings;
	char *fault;
	FILE *ignored;
	const char *last_ignored[64]; /* each is named once */
	unsigned ignored_count;
	struct hf_address root_addresses[16];
	unsigned root_address_count;
	const char *root_name;
	struct hf_prefix dns64;	     /* of all clients; family 0: none */
	const char *modules;	     /* Unbound's module-config */
	struct hf_route routes[32];
	struct hf_address route_servers[32][16];
	unsigned route_count;
	struct hf_anchor_records anchors;
	struct hf_nta ntas[32];
	unsigned nta_count;
	bool no_validator;
};

static bool fault(struct reading *reading, const char *what)
{
	snprintf(reading->fault, SIM_FAULT_MAX, "%s:%d: %s: %s '%s'", reading->scenario->path, reading->setting->line,
		 reading->setting->key, what, reading->setting->value);
	return false;
}

static void ignore(struct reading *reading, const char *name)
{
	for (unsigned i = 0; i < reading->ignored_count; i++)
		if (strcmp(reading->last_ignored[i], name) == 0)
			return;
	if (reading->ignored_count == sizeof(reading->last_ignored) / sizeof(reading->last_ignored[0]))
		return;
	fprintf(reading->ignored, "%s%s", reading->ignored_count ? ", " : "", name);
	char *copy = hf_arena_copy(reading->settings->arena, name, strlen(name) + 1);
	reading->last_ignored[reading->ignored_count++] = copy ? copy : "";
}

/* ---- single values ---- */

static bool read_switch(const char *value, bool *out)
{
	static const char *const on[] = {"yes", "on", "true", "1"}, *const off[] = {"no", "off", "false", "0"};

	for (size_t i = 0; i < 4; i++) {
		if (strcasecmp(value, on[i]) == 0)
			return *out = true;
		if (strcasecmp(value, off[i]) == 0) {
			*out = false;
			return true;
		}
	}
	return false;
}

static bool read_number(const char *value, uint32_t *out)
{
	char *end;

	errno = 0;
	unsigned long long number = strtoull(value, &end, 10);
	if (end == value || *end || errno || number > UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

/* "YYYYMMDDHHMMSS" UTC; "-1" and "0" mean the real clock and stand for the default here. */
static bool read_date(const char *value, int64_t *out)
{
	struct tm tm = {0};
	const char *end = strptime(value, "%Y%m%d%H%M%S", &tm);

	if (strcmp(value, "-1") == 0 || strcmp(value, "0") == 0)
		return true;
	if (strlen(value) != 14 || !end || *end)
		return false;
	*out = timegm(&tm);
	return true;
}

/* ---- access ---- */

/* "PREFIX ACTION [dns64 PREFIX]". Of Unbound's actions those that end in _non_local differ by its local zones only. */
static bool read_access(struct reading *reading, const char *value)
{
	static const struct {
		const char *text;
		enum hf_access_action action;
	} actions[] = {
		{"allow", HF_ACCESS_ALLOW},	  {"allow_snoop", HF_ACCESS_ALLOW_SNOOP},
		{"allow-snoop", HF_ACCESS_ALLOW_SNOOP}, {"allow_cookie", HF_ACCESS_ALLOW},
		{"refuse", HF_ACCESS_REFUSE},	  {"refuse_non_local", HF_ACCESS_REFUSE},
		{"drop", HF_ACCESS_DROP},	  {"deny", HF_ACCESS_DROP},
		{"deny_non_local", HF_ACCESS_DROP},
	};
	struct sim_settings *settings = reading->settings;
	struct hf_access_rule *rule = &settings->access_rules[settings->access_count];
	char prefix[64], action[32], dns64[64];
	int words = sscanf(value, "%63s %31s dns64 %63s", prefix, action, dns64);
	struct hf_prefix nat;

	if (words < 2 || settings->access_count + 2 == sizeof(settings->access_rules) / sizeof(settings->access_rules[0]))
		return fault(reading, "expected PREFIX ACTION in");
	if (hf_prefix_from_text(prefix, &rule->clients))
		return fault(reading, "not a prefix:");
	rule->verdict.dns64 = 0;
	if (words == 3) {
		if (hf_prefix_from_text(dns64, &nat) || hf_dns64_prefix_fault(&nat))
			return fault(reading, "not a DNS64 prefix in");
		rule->verdict.dns64 = (uint8_t)hf_dns64_number(&settings->resolver.dns64, &nat);
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i].text, action) == 0) {
			rule->verdict.action = (uint8_t)actions[i].action;
			settings->access_count++;
			return true;
		}
	return fault(reading, "not an action in");
}

static bool read_dns64(struct reading *reading, const char *value)
{
	return (!hf_prefix_from_text(value, &reading->dns64) && !hf_dns64_prefix_fault(&reading->dns64)) ||
	       fault(reading, "not a DNS64 prefix:");
}

/* The rule for all addresses of a family, unless the scenario has it. */
static void add_for_all(struct sim_settings *settings, uint8_t family, struct hf_access_verdict verdict)
{
	const struct hf_access_rule rule = {.clients.family = family, .verdict = verdict};

	for (unsigned i = 0; i < settings->access_count; i++)
		if (hf_prefix_equal(&settings->access_rules[i].clients, &rule.clients))
			return;
	settings->access_rules[settings->access_count++] = rule;
}

static bool read_dns64_ignore(struct reading *reading, const char *value)
{
	struct hf_resolver_config *config = &reading->settings->resolver;
	uint8_t name[HF_NAME_MAX];
	size_t length = hf_name_from_text(value, name), used = 0;
	uint8_t *names;

	if (!length)
		return fault(reading, "not a name:");
	for (unsigned i = 0; i < config->dns64_ignore_count; i++)
		used += hf_name_length(config->dns64_ignore_aaaa + used);
	names = hf_arena_take(reading->settings->arena, used + length);
	if (!names)
		return fault(reading, "no memory for");
	if (used)
		memcpy(names, config->dns64_ignore_aaaa, used);
	memcpy(names + used, name, length);
	config->dns64_ignore_aaaa = names;
	config->dns64_ignore_count++;
	return true;
}

static bool make_access(struct reading *reading)
{
	struct sim_settings *settings = reading->settings;
	struct hf_access_verdict otherwise = {.action = HF_ACCESS_ALLOW_SNOOP};

	/* Unbound synthesises only with its module. */
	if (reading->modules && !strstr(reading->modules, "dns64"))
		reading->dns64.family = 0;
	else if (reading->modules && !reading->dns64.family)
		hf_prefix_from_text("64:ff9b::/96", &reading->dns64);
	if (reading->dns64.family) {
		otherwise.dns64 = (uint8_t)hf_dns64_number(&settings->resolver.dns64, &reading->dns64);
		for (unsigned i = 0; i < settings->access_count; i++)
			if (!settings->access_rules[i].verdict.dns64)
				settings->access_rules[i].verdict.dns64 = otherwise.dns64;
	}
	for (uint8_t family = 4; family <= 6; family += 2)
		add_for_all(settings, family, otherwise);
	settings->access = hf_access_new(settings->access_rules, settings->access_count, otherwise, &settings->resolver.dns64);
	return settings->access != NULL;
}

/* Unbound bounds iterations by size of the key: "SIZE COUNT" pairs. The largest count is the bound here. */
static bool read_keysize_iterations(struct reading *reading, const char *value)
{
	uint16_t *most = &reading->settings->resolver.dnssec.nsec3_iterations_max;
	char *rest;

	*most = 0;
	for (value += *value == '"'; *value && *value != '"'; value = rest) {
		unsigned long count;

		strtoul(value, &rest, 10);
		count = strtoul(rest, &rest, 10);
		if (rest == value || count > UINT16_MAX)
			return fault(reading, "expected pairs of numbers in");
		if (count > *most)
			*most = (uint16_t)count;
		rest += strspn(rest, " \t");
	}
	return true;
}

/* ---- settings of one name, in the head or among the features ---- */

/* Names as Unbound spells them, '-' or '_' alike; the others are the product's own. */
static bool read_option(struct reading *reading, const char *name, const char *value, bool *known)
{
	struct sim_settings *settings = reading->settings;
	struct hf_resolver_config *resolver = &settings->resolver;
	bool flag = false;
	uint32_t number = 0;
	const struct {
		const char *name;
		bool *flag;
		bool inverted;
	} switches[] = {
		{"do_ip4", &resolver->use_ipv4, false},
		{"do_ip6", &resolver->use_ipv6, false},
		{"do_not_query_localhost", &resolver->query_loopback, true},
		{"query_minimization", &resolver->qname_minimisation, false},
		{"qname_minimisation", &resolver->qname_minimisation, false},
		{"minimal_responses", &resolver->minimal_answers, false},
		{"negative_ns", &resolver->negative_ns, false},
		{"negative_soa_newest", &resolver->negative_soa_newest, false},
		{"prefetch", &resolver->prefetch, false},
		{"use_caps_for_id", &resolver->case_randomization, false},
		{"server_order_randomization", &resolver->server_order_randomization, false},
		{"priming", &resolver->prime, false},
		{"dns64_synthall", &resolver->dns64_synthesise_all, false},
		{"server_cookies", &resolver->server_cookies, false},
		{"aggressive_nsec", &resolver->aggressive_nsec, false},
		{"root_key_sentinel", &resolver->root_key_sentinel, false},
		{"trust_anchor_signaling", &resolver->trust_anchor_signals, false},
		{"sha1", &resolver->dnssec.sha1, false},
		{"validator", &reading->no_validator, true},
	};
	const struct {
		const char *name;
		uint32_t *number;
		uint16_t *small;
	} numbers[] = {
		{"cache_min_ttl", &settings->cache.min_ttl, NULL},
		{"cache_max_ttl", &settings->cache.max_ttl, NULL},
		{"cache_max_negative_ttl", &settings->cache.max_negative_ttl, NULL},
		{"upstream_queries_at_most", &settings->queries_at_most, NULL},
		{"edns_buffer_size", NULL, &resolver->edns_size},
		{"max_upstream_queries", NULL, &resolver->max_upstream_queries},
		{"query_deadline_ms", &resolver->query_deadline_ms, NULL},
		{"fetches_per_zone", &resolver->fetches_per_zone, NULL},
		{"fetches_per_server", &resolver->fetches_per_server, NULL},
		{"spoof_threshold", &resolver->spoof_threshold, NULL},
		{"timeout_initial_ms", &resolver->timeout_initial_ms, NULL},
		{"timeout_min_ms", &resolver->timeout_min_ms, NULL},
		{"timeout_max_ms", &resolver->timeout_max_ms, NULL},
		{"nsec3_iterations_max", NULL, &resolver->dnssec.nsec3_iterations_max},
		{"rsa_bits_min", NULL, &resolver->dnssec.rsa_bits_min},
		{"validation_limit_us", &resolver->validation_limit_us, NULL},
		{"validation_failures", NULL, &resolver->validation_failures},
		{"validation_zone_share", NULL, &resolver->validation_zone_share},
	};
	/* Said for everybody's default or for things outside of what an answer shows. */
	static const char *const meaningless[] = {
		"origin", "raw", "raw_clause", "target_fetch_policy", "fake_sha1", "outbound_msg_retry",
		"log_queries", "verbosity", "username", "chroot", "directory", "pidfile",
		"rrset_roundrobin", "fake_dsa", "num_threads",
		"ede" /* always told */};

	const char *wrong = sim_local_read(&settings->local, name, value, known);

	if (wrong)
		return fault(reading, wrong);
	if (*known)
		return true;
	*known = true;
	if (strcmp(name, "origin") == 0 && strcasecmp(value, "unbound") == 0) {
		resolver->negative_ns = false;
		resolver->negative_soa_newest = true;
		settings->local.special_use = true;
		resolver->dnssec.nsec3_iterations_max = UNBOUND_ITERATIONS;
		/* Not among those that it answers by itself. */
		wrong = sim_local_read(&settings->local, "local_zone", "local. nodefault", known);
		*known = true;
		if (wrong)
			return fault(reading, wrong);
	}
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (strcmp(switches[i].name, name) == 0) {
			if (!read_switch(value, &flag))
				return fault(reading, "expected yes or no in");
			*switches[i].flag = flag != switches[i].inverted;
			return true;
		}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(numbers[i].name, name) == 0) {
			if (!read_number(value, &number) || (numbers[i].small && number > UINT16_MAX))
				return fault(reading, "expected a number in");
			if (numbers[i].small)
				*numbers[i].small = (uint16_t)number;
			else
				*numbers[i].number = number;
			return true;
		}
	for (size_t i = 0; i < sizeof(meaningless) / sizeof(meaningless[0]); i++)
		if (strcmp(meaningless[i], name) == 0)
			return true;
	if (strcmp(name, "val_nsec3_keysize_iterations") == 0)
		return read_keysize_iterations(reading, value);
	if (strcmp(name, "access_control") == 0)
		return read_access(reading, value);
	if (strcmp(name, "dns64_prefix") == 0)
		return read_dns64(reading, value);
	if (strcmp(name, "dns64_ignore_aaaa") == 0)
		return read_dns64_ignore(reading, value);
	if (strcmp(name, "module_config") == 0) {
		reading->modules = value[0] ? hf_arena_copy(settings->arena, value, strlen(value) + 1) : NULL;
		return true;
	}
	if (strcmp(name, "harden_glue") == 0 || strcmp(name, "harden_referral_path") == 0) {
		/* glue is always scrubbed by bailiwick, referral paths are not asked again */
		if (!read_switch(value, &flag))
			return fault(reading, "expected yes or no in");
		if (flag != (strcmp(name, "harden_glue") == 0))
			ignore(reading, name);
		return true;
	}
	*known = false;
	return true;
}

/* ---- routes and hints ---- */

static struct hf_route *route_for(struct reading *reading, const char *zone, bool forward)
{
	uint8_t name[HF_NAME_MAX];

	if (!hf_name_from_text(zone, name)) {
		fault(reading, "not a zone name in");
		return NULL;
	}
	for (unsigned i = 0; i < reading->route_count; i++)
		if (hf_name_equal(reading->routes[i].zone, name) && reading->routes[i].forward == forward)
			return &reading->routes[i];
	if (reading->route_count == 32) {
		fault(reading, "too many zones at");
		return NULL;
	}
	struct hf_route *route = &reading->routes[reading->route_count];
	hf_name_copy(name, route->zone);
	route->forward = forward;
	route->servers = reading->route_servers[reading->route_count++];
	return route;
}

/* Unbound writes ADDRESS@PORT. */
static bool read_address(struct reading *reading, const char *text, struct hf_address *address)
{
	char copy[64];
	char *at;
	uint32_t port = 53;

	snprintf(copy, sizeof(copy), "%s", text);
	if ((at = strchr(copy, '@'))) {
		*at = '\0';
		if (!read_number(at + 1, &port) || port == 0 || port > 65535)
			return fault(reading, "not a port in");
	}
	return hf_address_from_text(copy, (uint16_t)port, address) || fault(reading, "not an address:");
}

static bool add_server(struct reading *reading, struct hf_route *route, const char *text)
{
	struct hf_address *servers = reading->route_servers[route - reading->routes];

	if (route->server_count == 16)
		return fault(reading, "too many addresses at");
	return read_address(reading, text, &servers[route->server_count]) && ++route->server_count;
}

static bool add_root_address(struct reading *reading, const char *text)
{
	if (reading->root_address_count == 16)
		return fault(reading, "too many addresses at");
	return read_address(reading, text, &reading->root_addresses[reading->root_address_count]) &&
	       ++reading->root_address_count;
}

/* "ZONE [first] ADDRESS[,ADDRESS…]"; a forward zone without an address is an exception from one above it. */
static bool read_route(struct reading *reading, const char *value, bool forward)
{
	char *copy = strdup(value), *rest = copy, *zone = strsep(&rest, " \t"), *text;
	struct hf_route *route = route_for(reading, zone, forward);
	bool good = route != NULL;

	while (good && (text = strsep(&rest, " \t,")))
		if (strcmp(text, "first") == 0)
			route->first = true;
		else if (*text)
			good = add_server(reading, route, text);
	if (good && !route->server_count && !forward)
		good = fault(reading, "no address in");
	free(copy);
	return good;
}

static bool read_first_clause(struct reading *reading, const char *clause)
{
	static const char *const keys[] = {"stub-first:", "forward-first:"};
	bool first;

	for (int forward = 0; forward < 2; forward++) {
		size_t length = strlen(keys[forward]);

		if (strncmp(clause, keys[forward], length) != 0)
			continue;
		clause += length + strspn(clause + length, " ");
		if (!read_switch(clause, &first))
			return false;
		for (unsigned i = 0; i < reading->route_count; i++)
			if (reading->routes[i].forward == forward)
				reading->routes[i].first = first;
		return true;
	}
	return false;
}

static void replace_dashes(char *name)
{
	for (; *name; name++)
		if (*name == '-')
			*name = '_';
}

/* "name = value" of features: and feature-list: */
static bool read_feature(struct reading *reading, char *text)
{
	char *value = strchr(text, '=');
	bool known;

	if (!value)
		value = text + strlen(text);
	else
		*value++ = '\0';
	text += strspn(text, " \t");
	text[strcspn(text, " \t")] = '\0';
	value += strspn(value, " \t");
	for (char *end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t');)
		*--end = '\0';
	if (!*text)
		return true;
	if (strcmp(text, "forward") == 0 || strcmp(text, "stub") == 0)
		return read_route(reading, value, text[0] == 'f');
	/* Of Unbound's lines only this has no other form; it is said once for all zones of its kind. */
	if (strcmp(text, "raw_clause") == 0 && read_first_clause(reading, value))
		return true;
	replace_dashes(text);
	if (!read_option(reading, text, value, &known))
		return false;
	if (!known)
		ignore(reading, text);
	return true;
}

static bool read_features(struct reading *reading, const char *value, bool several)
{
	char *copy = strdup(value), *rest = copy, *text;
	bool good = true;

	if (several)
		while (good && (text = strsep(&rest, ";")))
			good = read_feature(reading, text);
	else
		good = read_feature(reading, copy);
	free(copy);
	return good;
}

/* The name: of the testbound block that the setting in hand stands in. */
static const char *block_name(const struct reading *reading)
{
	for (size_t i = 0; i < reading->scenario->setting_count; i++) {
		const struct sim_setting *setting = &reading->scenario->settings[i];

		if (setting->block_number == reading->setting->block_number && strcmp(setting->key, "name") == 0)
			return setting->value;
	}
	return ".";
}

static bool read_anchor(struct reading *reading, const char *value)
{
	const char *wrong = hf_anchors_add_line(value, reading->settings->arena, &reading->anchors);

	return !wrong || fault(reading, wrong);
}

static bool read_nta(struct reading *reading, const char *value)
{
	struct hf_nta *nta = &reading->ntas[reading->nta_count];

	if (reading->nta_count == sizeof(reading->ntas) / sizeof(reading->ntas[0]))
		return fault(reading, "too many names at");
	nta->ends_s = HF_NTA_NO_END;
	nta->reason[0] = '\0';
	reading->nta_count++;
	return hf_name_from_text(value, nta->name) || fault(reading, "not a name:");
}

static bool make_validation(struct reading *reading)
{
	struct hf_resolver_config *config = &reading->settings->resolver;
	/* Unbound leaves its validator out so. */
	bool validate = !reading->no_validator && (!reading->modules || strstr(reading->modules, "validator"));

	config->anchors = hf_anchors_new(reading->anchors.sets, validate ? reading->anchors.count : 0);
	config->ntas = hf_ntas_new(reading->ntas, reading->nta_count);
	return config->anchors && config->ntas;
}

static bool read_setting(struct reading *reading)
{
	const char *key = reading->setting->key, *value = reading->setting->value, *block = reading->setting->block;
	char name[64];
	bool known;

	if (strcmp(block, "stub-zone") == 0 || strcmp(block, "forward-zone") == 0) {
		bool forward = block[0] == 'f';
		struct hf_route *route;

		if (strcmp(key, "name") == 0)
			return true;
		if (strcmp(key, forward ? "forward-first" : "stub-first") == 0) {
			bool first;

			if (!read_switch(value, &first))
				return fault(reading, "expected yes or no in");
			route = route_for(reading, block_name(reading), forward);
			if (route)
				route->first = first;
			return route != NULL;
		}
		if (!forward && strcmp(key, "stub-addr") == 0 && strcmp(block_name(reading), ".") == 0)
			return add_root_address(reading, value);
		if (strcmp(key, forward ? "forward-addr" : "stub-addr") == 0)
			return (route = route_for(reading, block_name(reading), forward)) &&
			       add_server(reading, route, value);
		ignore(reading, key);
		return true;
	}
	if (*block && strcmp(block, "server") != 0) {
		ignore(reading, block);
		return true;
	}
	if (strcmp(key, "stub-addr") == 0)
		return add_root_address(reading, value);
	if (strcmp(key, "stub-name") == 0) {
		reading->root_name = value;
		return true;
	}
	if (strcmp(key, "forward-addr") == 0) {
		struct hf_route *route = route_for(reading, ".", true);

		return route && add_server(reading, route, value);
	}
	if (strcmp(key, "features") == 0)
		return read_features(reading, value, true);
	if (strcmp(key, "feature-list") == 0)
		return read_features(reading, value, false);
	if (strcmp(key, "trust-anchor") == 0)
		return read_anchor(reading, value);
	if (strcmp(key, "domain-insecure") == 0)
		return read_nta(reading, value);
	if (strcmp(key, "val-override-date") == 0)
		return read_date(value, &reading->settings->wall_s) || fault(reading, "not a date:");
	if (strcmp(key, "val-override-timestamp") == 0) {
		uint32_t seconds;

		if (!read_number(value, &seconds))
			return fault(reading, "not a number of seconds:");
		reading->settings->wall_s = seconds;
		return true;
	}
	snprintf(name, sizeof(name), "%s", key);
	replace_dashes(name);
	if (!read_option(reading, name, value, &known))
		return false;
	if (!known)
		ignore(reading, key);
	return true;
}

static const struct hf_rrset *address_hint(struct reading *reading, const uint8_t *name, uint8_t family)
{
	struct hf_rdata rdata[16];
	uint16_t count = 0;

	for (unsigned i = 0; i < reading->root_address_count; i++) {
		const struct hf_address *address = &reading->root_addresses[i];

		if (address->family == family) {
			rdata[count] = (struct hf_rdata){address->bytes, family == 4 ? 4 : 16, count};
			count++;
		}
	}
	return count ? hf_rrset_make(reading->settings->arena, name, family == 4 ? HF_TYPE_A : HF_TYPE_AAAA, HF_CLASS_IN,
				     HINT_TTL, rdata, count, 0)
		     : NULL;
}

static bool make_hints(struct reading *reading)
{
	struct hf_resolver_config *config = &reading->settings->resolver;
	const struct hf_rrset **hints = hf_arena_take(reading->settings->arena, 3 * sizeof(struct hf_rrset *));
	uint8_t name[HF_NAME_MAX];
	uint16_t length = (uint16_t)hf_name_from_text(reading->root_name, name);

	if (!length) {
		snprintf(reading->fault, SIM_FAULT_MAX, "%s: stub-name: not a name '%s'", reading->scenario->path,
			 reading->root_name);
		return false;
	}
	config->hints = hints;
	config->hint_count = 0;
	if (!reading->root_address_count) {
		char error[HF_CONFIG_ERROR_MAX];

		/* As the daemon without a setting: the system's hints. Without them only routes lead anywhere. */
		if (!hf_hints_load(ROOT_HINTS, reading->settings->arena, &config->hints, &config->hint_count, error))
			config->hint_count = 0;
		return true;
	}
	struct hf_rdata server = {name, length, 0};
	const struct hf_rrset *sets[] = {
		hf_rrset_make(reading->settings->arena, hf_name_root, HF_TYPE_NS, HF_CLASS_IN, HINT_TTL, &server, 1, 0),
		address_hint(reading, name, 4), address_hint(reading, name, 6)};
	for (size_t i = 0; i < 3; i++)
		if (sets[i])
			hints[config->hint_count++] = sets[i];
	return true;
}

bool sim_settings_read(const struct sim_scenario *scenario, struct sim_settings *settings, char text[SIM_FAULT_MAX])
{
	struct reading reading = {
		.scenario = scenario, .settings = settings, .fault = text, .root_name = DEFAULT_ROOT_NAME};
	const char *wrong = NULL;
	size_t size;
	bool good = true;

	*settings = (struct sim_settings){
		.cache = {.bytes = 16 << 20, .answer_share = 50, .max_ttl = 86400, .max_negative_ttl = 3600,
			  .secret = {1, 2}},
		.reply = {.edns_size = HF_EDNS_SIZE_DEFAULT, .udp_ceiling = HF_EDNS_SIZE_DEFAULT},
		.wall_s = DEFAULT_WALL,
		.arena = hf_arena_new(1 << 20),
	};
	hf_resolver_config_defaults(&settings->resolver);
	settings->resolver.case_randomization = false;
	settings->resolver.server_order_randomization = false;
	settings->resolver.prefetch = false;
	settings->resolver.query_deadline_ms = QUERY_DEADLINE_MS;
	/* older scenarios of testbound know nothing of it, newer ones say so when they want it off */
	if (scenario->dialect == SIM_TESTBOUND)
		settings->resolver.qname_minimisation = false;
	/* Deckard's scenarios expect the NS set of a negative answer to be handed on, Unbound's that it is left out. */
	settings->resolver.negative_ns = scenario->dialect != SIM_TESTBOUND;
	/* Unbound's expect the newest SOA with cached negative answers. */
	settings->resolver.negative_soa_newest = scenario->dialect == SIM_TESTBOUND;
	/* Deckard's scenarios resolve special-use names. */
	settings->local.special_use = scenario->dialect == SIM_TESTBOUND;
	if (scenario->dialect == SIM_TESTBOUND)
		settings->resolver.dnssec.nsec3_iterations_max = UNBOUND_ITERATIONS;
	reading.ignored = open_memstream(&settings->ignored, &size);
	for (size_t i = 0; i < scenario->setting_count && good; i++) {
		reading.setting = &scenario->settings[i];
		good = read_setting(&reading);
	}
	fclose(reading.ignored);
	if (!reading.ignored_count) {
		free(settings->ignored);
		settings->ignored = NULL;
	}
	settings->resolver.max_ttl = settings->cache.max_ttl;
	settings->resolver.routes = hf_arena_copy(settings->arena, reading.routes, sizeof(reading.routes));
	settings->resolver.route_count = reading.route_count;
	struct hf_route *routes = (struct hf_route *)settings->resolver.routes;
	for (unsigned i = 0; i < reading.route_count; i++)
		routes[i].servers = hf_arena_copy(settings->arena, reading.route_servers[i],
						  sizeof(reading.route_servers[i]));
	if (good && (wrong = sim_local_make(&settings->local, &settings->resolver, settings->arena)))
		snprintf(text, SIM_FAULT_MAX, "%s: local names: %s", scenario->path, wrong);
	return good && !wrong && make_hints(&reading) && make_access(&reading) && make_validation(&reading);
}

void sim_settings_end(struct sim_settings *settings)
{
	free(settings->ignored);
	hf_access_free(settings->access);
	hf_local_drop(settings->resolver.local);
	hf_anchors_drop(settings->resolver.anchors);
	hf_ntas_drop(settings->resolver.ntas);
	hf_arena_free(settings->arena);
}
