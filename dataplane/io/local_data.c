// SPDX-License-Identifier: BSD-3-Clause
/* Local names from the configuration; records are read with ldns, as root hints are. */
#include "io/local_data.h"
#include <errno.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "policy/hosts.h"
#include "policy/special_use.h"
#include "wire/message.h"

enum { SCRATCH_MEMORY = 1 << 20 };

static const char no_memory[] = "out of memory";

/* ---- records ---- */

static const char *add_wire(struct hf_local *local, const uint8_t *wire, size_t length)
{
	struct hf_arena *arena = hf_arena_new(SCRATCH_MEMORY);
	const struct hf_rrset **rrsets;
	unsigned count = 0;
	const char *fault = no_memory;

	if (arena && hf_message_parse_rrs(wire, length, arena, &rrsets, &count, &fault)) {
		fault = count ? NULL : "is no record";
		for (unsigned i = 0; i < count && !fault; i++)
			fault = hf_local_add_data(local, rrsets[i], HF_LOCAL_CONFIGURED);
	}
	hf_arena_free(arena);
	return fault;
}

const char *hf_local_data_add(struct hf_local *local, const char *text)
{
	ldns_rr *rr = NULL;
	uint8_t *wire = NULL;
	size_t length;
	ldns_status status = ldns_rr_new_frm_str(&rr, text, HF_LOCAL_DATA_TTL, NULL, NULL);
	const char *fault;

	if (status == LDNS_STATUS_OK && ldns_rr_rd_count(rr) == 0)
		status = LDNS_STATUS_SYNTAX_RDATA_ERR;
	if (status == LDNS_STATUS_OK)
		status = ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &length);
	fault = status == LDNS_STATUS_OK ? add_wire(local, wire, length) : ldns_get_errorstr_by_id(status);
	free(wire);
	ldns_rr_free(rr);
	return fault;
}

/* ---- the hosts file ---- */

bool hf_local_data_add_hosts(struct hf_local *local, const char *path, char error[HF_CONFIG_ERROR_MAX])
{
	FILE *file = fopen(path, "re");
	struct hf_arena *scratch = hf_arena_new(SCRATCH_MEMORY);
	const char *fault = scratch ? NULL : no_memory;
	char *text = NULL;
	size_t room = 0;
	unsigned line = 0;
	ssize_t length;
	bool good;

	if (!file) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%.300s: %s", path, strerror(errno));
		hf_arena_free(scratch);
		return false;
	}
	errno = 0;
	while (!fault && (length = getline(&text, &room, file)) >= 0) {
		line++;
		if (memchr(text, '\0', (size_t)length))
			fault = "holds a NUL character";
		text[strcspn(text, "\n")] = '\0';
		if (!fault)
			fault = hf_hosts_add_line(local, text, scratch);
	}
	good = !fault && !ferror(file);
	if (fault)
		snprintf(error, HF_CONFIG_ERROR_MAX, "%.300s:%u: the line %s", path, line, fault);
	else if (!good)
		snprintf(error, HF_CONFIG_ERROR_MAX, "%.300s: %s", path, strerror(errno));
	free(text);
	fclose(file);
	hf_arena_free(scratch);
	return good;
}

/* ---- the whole ---- */

const char *hf_local_data_add_special_use(struct hf_local *local, const struct hf_route *routes, unsigned route_count)
{
	const uint8_t **zones = calloc(route_count + 1, sizeof(*zones));
	unsigned count = 0;
	const char *fault = no_memory;

	/* A route without servers leads down the tree: no reason to ask there for what nobody has. */
	for (unsigned i = 0; zones && i < route_count; i++)
		if (routes[i].server_count)
			zones[count++] = routes[i].zone;
	if (zones)
		fault = hf_special_use_add(local, zones, count);
	free(zones);
	return fault;
}

static bool add_zones(struct hf_local *local, const struct hf_config *config, char error[HF_CONFIG_ERROR_MAX])
{
	for (size_t i = 0; i < config->local_zone_count; i++) {
		const struct hf_config_local_zone *zone = &config->local_zones[i];
		uint8_t name[HF_NAME_MAX];
		const char *fault = "is not a domain name";

		if (hf_name_from_text(zone->zone, name))
			fault = hf_local_add_zone(local, name, zone->type, HF_LOCAL_CONFIGURED);
		if (fault) {
			snprintf(error, HF_CONFIG_ERROR_MAX, "%.150s:%u: local.zones: '%.150s' %s", config->path, zone->line,
				 zone->zone, fault);
			return false;
		}
	}
	return true;
}

static bool add_data(struct hf_local *local, const struct hf_config *config, char error[HF_CONFIG_ERROR_MAX])
{
	for (size_t i = 0; i < config->local_data_count; i++) {
		const char *fault = hf_local_data_add(local, config->local_data[i].text);

		if (fault) {
			snprintf(error, HF_CONFIG_ERROR_MAX, "%.150s:%u: local.data: '%.150s': %s", config->path,
				 config->local_data[i].line, config->local_data[i].text, fault);
			return false;
		}
	}
	return true;
}

static bool finish(struct hf_local *local, const struct hf_config *config, char error[HF_CONFIG_ERROR_MAX])
{
	const uint8_t *where = hf_name_root;
	const char *fault = hf_local_finish(local, &where);
	char text[HF_NAME_TEXT_MAX];

	if (fault)
		snprintf(error, HF_CONFIG_ERROR_MAX, "%.150s: local: %.200s %s", config->path, hf_name_to_text(where, text),
			 fault);
	return !fault;
}

struct hf_local *hf_local_data_load(const struct hf_config *config, const struct hf_route *routes, unsigned route_count,
				    char error[HF_CONFIG_ERROR_MAX])
{
	struct hf_local *local = hf_local_new();
	bool good = local != NULL;

	snprintf(error, HF_CONFIG_ERROR_MAX, "%s", no_memory);
	good = good && hf_local_set_server(local, config->identity, config->version) && add_zones(local, config, error) &&
	       add_data(local, config, error);
	if (good && config->hosts_file[0])
		good = hf_local_data_add_hosts(local, config->hosts_file, error);
	if (good && config->special_use)
		good = !hf_local_data_add_special_use(local, routes, route_count);
	if (good && finish(local, config, error))
		return local;
	hf_local_drop(local);
	return NULL;
}
