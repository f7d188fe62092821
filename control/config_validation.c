// SPDX-License-Identifier: BSD-3-Clause
/* validation: trust anchors, positive and negative, from the file to the configuration. What records say is checked by who reads them, the
 * dataplane.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "control/config_reader.h"
#include "wire/name.h"

static const char section[] = "validation", nta_section[] = "validation.negative-trust-anchors";

bool hf_config_read_trust_anchors(struct reader *reader, const yaml_node_t *node)
{
	static const char key[] = "trust-anchors";
	struct hf_config *config = reader->config;

	config->trust_anchors =
		hf_config_take_list(reader, node, section, key, sizeof(*config->trust_anchors), &config->trust_anchor_count);
	for (size_t i = 0; i < config->trust_anchor_count; i++)
		if (!hf_config_take_text(reader, hf_config_item(reader, node, i), section, key, "DS or DNSKEY record",
					 &config->trust_anchors[i]))
			return false;
	return config->trust_anchors != NULL;
}

static bool take_name(struct reader *reader, const yaml_node_t *node, struct hf_config_nta *nta)
{
	struct hf_config_text text;
	uint8_t name[HF_NAME_MAX];

	if (!hf_config_take_text(reader, node, nta_section, "name", "domain name", &text))
		return false;
	nta->name = text.text;
	nta->line = text.line;
	return hf_name_from_text(nta->name, name) ||
	       hf_config_fail(reader, nta->line, nta_section, "name", "'%.64s' is not a domain name", nta->name);
}

static bool take_until(struct reader *reader, const yaml_node_t *node, struct hf_config_nta *nta)
{
	static const char form[] = "YYYY-MM-DDTHH:MM:SSZ";
	const char *text = hf_config_scalar(reader, node, nta_section, "until", form), *end;
	struct tm tm = {0};

	if (!text)
		return false;
	end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!end || *end)
		return hf_config_fail(reader, hf_config_line(node), nta_section, "until", "'%.64s' is not a time (allowed: %s)", text,
				      form);
	nta->until = timegm(&tm);
	return true;
}

static bool read_nta(struct reader *reader, const yaml_node_t *node, struct hf_config_nta *nta)
{
	static const char keys[] = "name, until, reason";
	bool has_until = false;

	nta->until = INT64_MAX;
	if (node->type == YAML_SCALAR_NODE)
		return take_name(reader, node, nta);
	if (node->type != YAML_MAPPING_NODE)
		return hf_config_fail(reader, hf_config_line(node), nta_section, NULL,
				      "is neither a domain name nor {name: NAME, until: TIME, reason: TEXT}");
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = hf_config_node(reader, pair->key), *value = hf_config_node(reader, pair->value);
		const char *name = hf_config_scalar(reader, key, nta_section, NULL, keys);
		struct hf_config_text text;
		bool good;

		if (!name)
			return false;
		if ((strcmp(name, "name") == 0 && nta->name) || (strcmp(name, "reason") == 0 && nta->reason) ||
		    (strcmp(name, "until") == 0 && has_until))
			return hf_config_fail(reader, hf_config_line(key), nta_section, name, "is given twice");
		if (strcmp(name, "name") == 0) {
			good = take_name(reader, value, nta);
		} else if (strcmp(name, "until") == 0) {
			good = has_until = take_until(reader, value, nta);
		} else if (strcmp(name, "reason") == 0) {
			good = hf_config_take_text(reader, value, nta_section, "reason", "text", &text);
			if (good)
				nta->reason = text.text;
		} else {
			good = hf_config_fail(reader, hf_config_line(key), nta_section, name, "unknown key (allowed: %s)", keys);
		}
		if (!good)
			return false;
	}
	return nta->name || hf_config_fail(reader, hf_config_line(node), nta_section, "name", "is missing");
}

bool hf_config_read_ntas(struct reader *reader, const yaml_node_t *node)
{
	struct hf_config *config = reader->config;

	config->ntas = hf_config_take_list(reader, node, section, "negative-trust-anchors", sizeof(*config->ntas), &config->nta_count);
	for (size_t i = 0; i < config->nta_count; i++)
		if (!read_nta(reader, hf_config_item(reader, node, i), &config->ntas[i]))
			return false;
	return config->ntas != NULL;
}

void hf_config_free_validation(struct hf_config *config)
{
	for (size_t i = 0; i < config->trust_anchor_count; i++)
		free(config->trust_anchors[i].text);
	for (size_t i = 0; i < config->nta_count; i++) {
		free(config->ntas[i].name);
		free(config->ntas[i].reason);
	}
	free(config->trust_anchors);
	free(config->ntas);
}
