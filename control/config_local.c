// SPDX-License-Identifier: BSD-3-Clause
/* local: and the lists of private addresses, from the file to the configuration. What records say is checked by who reads them, the
 * dataplane.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/config_reader.h"
#include "policy/local.h"
#include "wire/name.h"

static const char types[] = "transparent, type-transparent, static, redirect, refuse, drop, nxdomain, nodata, none";

void *hf_config_take_list(struct reader *reader, const yaml_node_t *node, const char *section, const char *key, size_t size,
			  size_t *count)
{
	void *list;

	*count = 0;
	if (node->type != YAML_SEQUENCE_NODE) {
		hf_config_fail(reader, hf_config_line(node), section, key, "is not a list");
		return NULL;
	}
	*count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	list = calloc(*count ? *count : 1, size);
	if (!list) {
		*count = 0;
		hf_config_fail(reader, hf_config_line(node), section, key, "out of memory");
	}
	return list;
}

const yaml_node_t *hf_config_item(struct reader *reader, const yaml_node_t *node, size_t index)
{
	return hf_config_node(reader, node->data.sequence.items.start[index]);
}

bool hf_config_take_text(struct reader *reader, const yaml_node_t *node, const char *section, const char *key,
			 const char *allowed, struct hf_config_text *out)
{
	const char *text = hf_config_scalar(reader, node, section, key, allowed);

	if (!text)
		return false;
	out->line = hf_config_line(node);
	out->text = strdup(text);
	return out->text || hf_config_fail(reader, out->line, section, key, "out of memory");
}

bool hf_config_read_local_data(struct reader *reader, const yaml_node_t *node)
{
	struct hf_config *config = reader->config;

	config->local_data = hf_config_take_list(reader, node, "local", "data", sizeof(*config->local_data), &config->local_data_count);
	for (size_t i = 0; i < config->local_data_count; i++)
		if (!hf_config_take_text(reader, hf_config_item(reader, node, i), "local", "data", "record in zone-file form",
			       &config->local_data[i]))
			return false;
	return config->local_data != NULL;
}

static bool is_name(const char *text)
{
	uint8_t name[HF_NAME_MAX];

	return hf_name_from_text(text, name) != 0;
}

static bool read_zone(struct reader *reader, const yaml_node_t *node, struct hf_config_local_zone *zone)
{
	static const char section[] = "local.zones";
	bool has_type = false;

	if (node->type != YAML_MAPPING_NODE)
		return hf_config_fail(reader, hf_config_line(node), section, NULL,
				      "is not a zone (allowed: {zone: NAME, type: TYPE})");
	zone->line = hf_config_line(node);
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = hf_config_node(reader, pair->key), *value = hf_config_node(reader, pair->value);
		const char *name = hf_config_scalar(reader, key, section, NULL, "zone, type"), *text;
		struct hf_config_text taken = {0};

		if (!name)
			return false;
		if (strcmp(name, "zone") == 0) {
			if (zone->zone)
				return hf_config_fail(reader, hf_config_line(key), section, "zone", "is given twice");
			if (!hf_config_take_text(reader, value, section, "zone", "domain name", &taken))
				return false;
			zone->zone = taken.text;
			if (!is_name(zone->zone))
				return hf_config_fail(reader, taken.line, section, "zone", "'%.64s' is not a domain name",
						      zone->zone);
		} else if (strcmp(name, "type") == 0) {
			if (has_type)
				return hf_config_fail(reader, hf_config_line(key), section, "type", "is given twice");
			has_type = true;
			text = hf_config_scalar(reader, value, section, "type", types);
			if (!text)
				return false;
			while (hf_local_type_texts[zone->type] && strcmp(hf_local_type_texts[zone->type], text) != 0)
				zone->type++;
			if (zone->type == HF_LOCAL_TYPE_COUNT)
				return hf_config_fail(reader, hf_config_line(value), section, "type",
						      "'%.64s' is not allowed here (allowed: %s)", text, types);
		} else {
			return hf_config_fail(reader, hf_config_line(key), section, name,
					      "unknown key (allowed: zone, type)");
		}
	}
	if (!zone->zone || !has_type)
		return hf_config_fail(reader, hf_config_line(node), section, zone->zone ? "type" : "zone", "is missing");
	return true;
}

bool hf_config_read_local_zones(struct reader *reader, const yaml_node_t *node)
{
	struct hf_config *config = reader->config;

	config->local_zones =
		hf_config_take_list(reader, node, "local", "zones", sizeof(*config->local_zones), &config->local_zone_count);
	for (size_t i = 0; i < config->local_zone_count; i++)
		if (!read_zone(reader, hf_config_item(reader, node, i), &config->local_zones[i]))
			return false;
	return config->local_zones != NULL;
}

bool hf_config_read_prefixes(struct reader *reader, const yaml_node_t *node, const struct hf_option *option,
			     struct hf_prefix **prefixes, size_t *count)
{
	*prefixes = hf_config_take_list(reader, node, option->section, option->key, sizeof(**prefixes), count);
	for (size_t i = 0; i < *count; i++) {
		const yaml_node_t *item = hf_config_item(reader, node, i);
		const char *text = hf_config_scalar(reader, item, option->section, option->key, "address or prefix"), *fault;

		if (!text)
			return false;
		fault = hf_prefix_from_text(text, &(*prefixes)[i]);
		if (fault)
			return hf_config_fail(reader, hf_config_line(item), option->section, option->key,
					      "'%.64s' %s (allowed: ADDR or ADDR/LENGTH)", text, fault);
	}
	return *prefixes != NULL;
}

bool hf_config_read_private_domains(struct reader *reader, const yaml_node_t *node)
{
	static const char section[] = "resolver", key[] = "private-domains";
	struct hf_config *config = reader->config;

	config->private_domains =
		hf_config_take_list(reader, node, section, key, sizeof(*config->private_domains), &config->private_domain_count);
	for (size_t i = 0; i < config->private_domain_count; i++) {
		struct hf_config_text *domain = &config->private_domains[i];

		if (!hf_config_take_text(reader, hf_config_item(reader, node, i), section, key, "domain name", domain))
			return false;
		if (!is_name(domain->text))
			return hf_config_fail(reader, domain->line, section, key, "'%.64s' is not a domain name",
					      domain->text);
	}
	return config->private_domains != NULL;
}

void hf_config_free_local(struct hf_config *config)
{
	for (size_t i = 0; i < config->local_data_count; i++)
		free(config->local_data[i].text);
	for (size_t i = 0; i < config->local_zone_count; i++)
		free(config->local_zones[i].zone);
	for (size_t i = 0; i < config->private_domain_count; i++)
		free(config->private_domains[i].text);
	free(config->local_data);
	free(config->local_zones);
	free(config->private_domains);
	free(config->private_addresses);
	free(config->do_not_query);
}
