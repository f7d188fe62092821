// SPDX-License-Identifier: BSD-3-Clause
/* Unbound's local-zone, local-data and their like as the product's; see settings_local.h. */
#include "settings_local.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "io/local_data.h"
#include "policy/hosts.h"

static const char too_many[] = "too many such settings at";

/* Unbound's names. What it calls always_… leaves data aside (drop_unused); inform only writes to the log. */
static const struct {
	const char *name;
	enum hf_local_type type;
} types[] = {
	{"transparent", HF_LOCAL_TRANSPARENT}, {"typetransparent", HF_LOCAL_TYPE_TRANSPARENT},
	{"static", HF_LOCAL_STATIC},	       {"redirect", HF_LOCAL_REDIRECT},
	{"refuse", HF_LOCAL_REFUSE},	       {"deny", HF_LOCAL_DROP},
	{"nodefault", HF_LOCAL_NONE},	       {"always_transparent", HF_LOCAL_NONE},
	{"inform", HF_LOCAL_TRANSPARENT},      {"inform_deny", HF_LOCAL_DROP},
	{"inform_redirect", HF_LOCAL_REDIRECT}, {"always_refuse", HF_LOCAL_REFUSE},
	{"always_deny", HF_LOCAL_DROP},	       {"always_nxdomain", HF_LOCAL_NXDOMAIN},
	{"always_nodata", HF_LOCAL_NODATA},    {"always_null", HF_LOCAL_REDIRECT},
	/* the product's own */
	{"type-transparent", HF_LOCAL_TYPE_TRANSPARENT}, {"drop", HF_LOCAL_DROP},
	{"nxdomain", HF_LOCAL_NXDOMAIN},       {"nodata", HF_LOCAL_NODATA},
	{"none", HF_LOCAL_NONE},
};

/* Without the quotes around the whole. */
static void copy_text(const char *value, char out[SIM_LOCAL_TEXT_MAX])
{
	size_t length = strlen(value);

	if (length >= 2 && (value[0] == '"' || value[0] == '\'') && value[length - 1] == value[0]) {
		value++;
		length -= 2;
	}
	snprintf(out, SIM_LOCAL_TEXT_MAX, "%.*s", (int)length, value);
}

static const char *read_zone(struct sim_local *local, const char *value)
{
	char name[SIM_LOCAL_TEXT_MAX], zone[SIM_LOCAL_TEXT_MAX], type[64];

	if (sscanf(value, "%399s %63s", name, type) != 2)
		return "expected a zone and its type in";
	if (local->zone_count == SIM_LOCAL_MAX || local->data_count + 2 > SIM_LOCAL_MAX)
		return too_many;
	copy_text(name, local->zones[local->zone_count].name);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, type) != 0)
			continue;
		local->zones[local->zone_count].type = types[i].type;
		local->zones[local->zone_count].bare = strncmp(type, "always_", 7) == 0 && strcmp(type, "always_null") != 0;
		copy_text(name, zone);
		if (strcmp(type, "always_null") == 0) {
			snprintf(local->data[local->data_count++], SIM_LOCAL_TEXT_MAX, "%.380s A 0.0.0.0", zone);
			snprintf(local->data[local->data_count++], SIM_LOCAL_TEXT_MAX, "%.380s AAAA ::", zone);
		}
		local->zone_count++;
		return NULL;
	}
	return "no such type of zone:";
}

static const char *read_text(char (*list)[SIM_LOCAL_TEXT_MAX], unsigned *count, const char *value)
{
	if (*count == SIM_LOCAL_MAX)
		return too_many;
	copy_text(value, list[(*count)++]);
	return NULL;
}

static const char *read_hint(struct sim_local *local, const char *address)
{
	if (local->host_count == SIM_LOCAL_MAX)
		return too_many;
	snprintf(local->hosts[local->host_count++], SIM_LOCAL_TEXT_MAX, "%.100s %.290s", address, local->hint_name);
	return NULL;
}

static const char *read_prefix(struct hf_prefix prefixes[SIM_LOCAL_MAX], unsigned *count, const char *value)
{
	if (*count == SIM_LOCAL_MAX)
		return too_many;
	return hf_prefix_from_text(value, &prefixes[(*count)++]) ? "not a prefix:" : NULL;
}

/* "ADDRESS [TTL] NAME": the PTR record of the address. */
static const char *read_pointer(struct sim_local *local, const char *value)
{
	static const char digits[] = "0123456789abcdef";
	char text[SIM_LOCAL_TEXT_MAX], address[64], first[300], second[300] = "", owner[80];
	struct hf_prefix prefix;
	size_t used = 0;

	copy_text(value, text);
	int words = sscanf(text, "%63s %299s %299s", address, first, second);
	if (words < 2 || hf_prefix_from_text(address, &prefix) || strchr(address, '/'))
		return "expected an address and a name in";
	if (local->data_count == SIM_LOCAL_MAX)
		return too_many;
	if (prefix.family == 4)
		snprintf(owner, sizeof(owner), "%u.%u.%u.%u.in-addr.arpa.", prefix.bytes[3], prefix.bytes[2],
			 prefix.bytes[1], prefix.bytes[0]);
	else {
		for (unsigned i = 16; i-- > 0;) {
			owner[used++] = digits[prefix.bytes[i] & 15];
			owner[used++] = '.';
			owner[used++] = digits[prefix.bytes[i] >> 4];
			owner[used++] = '.';
		}
		snprintf(owner + used, sizeof(owner) - used, "ip6.arpa.");
	}
	if (words == 2)
		snprintf(local->data[local->data_count++], SIM_LOCAL_TEXT_MAX, "%s PTR %s", owner, first);
	else
		snprintf(local->data[local->data_count++], SIM_LOCAL_TEXT_MAX, "%s %.20s PTR %.290s", owner, first, second);
	return NULL;
}

static bool is_yes(const char *value)
{
	return strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0 || strcasecmp(value, "on") == 0;
}

const char *sim_local_read(struct sim_local *local, const char *name, const char *value, bool *known)
{
	char text[SIM_LOCAL_TEXT_MAX];

	*known = true;
	if (strcmp(name, "local_zone") == 0)
		return read_zone(local, value);
	if (strcmp(name, "local_data") == 0)
		return read_text(local->data, &local->data_count, value);
	if (strcmp(name, "hosts") == 0)
		return read_text(local->hosts, &local->host_count, value);
	if (strcmp(name, "private_domain") == 0)
		return read_text(local->domains, &local->domain_count, value);
	copy_text(value, text);
	if (strcmp(name, "static_hint_name") == 0)
		snprintf(local->hint_name, sizeof(local->hint_name), "%s", text);
	else if (strcmp(name, "static_hint_addr") == 0)
		return read_hint(local, text);
	else if (strcmp(name, "private_address") == 0)
		return read_prefix(local->addresses, &local->address_count, text);
	else if (strcmp(name, "do_not_query_address") == 0)
		return read_prefix(local->unasked, &local->unasked_count, text);
	else if (strcmp(name, "local_data_ptr") == 0)
		return read_pointer(local, value);
	else if (strcmp(name, "identity") == 0)
		snprintf(local->identity, sizeof(local->identity), "%.255s", text);
	else if (strcmp(name, "version") == 0)
		snprintf(local->version, sizeof(local->version), "%.255s", text);
	else if (strcmp(name, "hide_identity") == 0)
		local->hide_identity = is_yes(text);
	else if (strcmp(name, "hide_version") == 0)
		local->hide_version = is_yes(text);
	else if (strcmp(name, "special_use") == 0)
		local->special_use = is_yes(text);
	else
		*known = false;
	return NULL;
}

/* The data of zones whose type does without them: the product's types have no such variant each. */
static void drop_unused(struct sim_local *local)
{
	uint8_t zone[HF_NAME_MAX], owner[HF_NAME_MAX];
	unsigned kept = 0;

	for (unsigned i = 0; i < local->data_count; i++) {
		char text[SIM_LOCAL_TEXT_MAX];
		size_t best = 0;
		bool used = true;

		snprintf(text, sizeof(text), "%.*s", (int)strcspn(local->data[i], " \t"), local->data[i]);
		for (unsigned k = 0; k < local->zone_count && hf_name_from_text(text, owner); k++) {
			size_t length = hf_name_from_text(local->zones[k].name, zone);

			hf_name_lower(zone, zone);
			hf_name_lower(owner, owner);
			if (length <= best || !hf_name_is_below_or_equal(owner, zone))
				continue;
			best = length;
			used = !local->zones[k].bare;
		}
		if (used && kept++ != i)
			memmove(local->data[kept - 1], local->data[i], SIM_LOCAL_TEXT_MAX);
	}
	local->data_count = kept;
}

static const char *add_all(struct sim_local *from, struct hf_local *local, const struct hf_resolver_config *config)
{
	struct hf_arena *scratch = hf_arena_new(65536);
	const uint8_t *where;
	uint8_t name[HF_NAME_MAX];
	const char *fault = NULL;

	for (unsigned i = 0; i < from->zone_count && !fault; i++)
		fault = hf_name_from_text(from->zones[i].name, name)
				? hf_local_add_zone(local, name, from->zones[i].type, HF_LOCAL_CONFIGURED)
				: "no name of a local zone";
	for (unsigned i = 0; i < from->data_count && !fault; i++)
		fault = hf_local_data_add(local, from->data[i]);
	for (unsigned i = 0; i < from->host_count && !fault; i++)
		fault = hf_hosts_add_line(local, from->hosts[i], scratch);
	hf_arena_free(scratch);
	if (!fault && from->special_use)
		fault = hf_local_data_add_special_use(local, config->routes, config->route_count);
	return fault ? fault : hf_local_finish(local, &where);
}

const char *sim_local_make(struct sim_local *from, struct hf_resolver_config *config, struct hf_arena *arena)
{
	const uint8_t **domains = hf_arena_take(arena, (from->domain_count + 1) * sizeof(domains[0]));

	drop_unused(from);
	config->do_not_query = from->unasked;
	config->do_not_query_count = from->unasked_count;
	if (from->hide_identity)
		from->identity[0] = '\0';
	if (from->hide_version)
		from->version[0] = '\0';
	config->local = hf_local_new();
	if (!config->local || !domains || !hf_local_set_server(config->local, from->identity, from->version))
		return "out of memory";
	config->private = (struct hf_private){from->addresses, from->address_count, domains, from->domain_count};
	for (unsigned i = 0; i < from->domain_count; i++) {
		uint8_t name[HF_NAME_MAX];
		size_t length = hf_name_from_text(from->domains[i], name);

		if (!length)
			return "private-domain: no name";
		hf_name_lower(name, name);
		domains[i] = hf_arena_copy(arena, name, length);
	}
	return add_all(from, config->local, config);
}
