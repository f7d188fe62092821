// SPDX-License-Identifier: BSD-3-Clause
/* access-control: from the file to rules, and from rules to the table that workers look clients up in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "control/config_reader.h"
#include "policy/access.h"
#include "wire/name.h"

static const char section[] = "access-control";
static const char allowed_keys[] = "clients, action, dns64";
static const char *const actions[] = {"allow", "allow-snoop", "refuse", "drop", NULL}; /* as enum hf_access_action */

/* Room for `more` further rules. */
static bool grow(struct reader *reader, const yaml_node_t *node, size_t more)
{
	struct hf_config *config = reader->config;
	struct hf_config_access *grown;

	if (config->access_count + more > HF_CONFIG_LIST_MAX)
		return hf_config_fail(reader, hf_config_line(node), section, NULL, "names more than %d prefixes",
				      HF_CONFIG_LIST_MAX);
	grown = realloc(config->access, (config->access_count + more) * sizeof(*grown));
	if (!grown)
		return hf_config_fail(reader, hf_config_line(node), section, NULL, "out of memory");
	config->access = grown;
	return true;
}

/* One prefix; action and dns64 come later. */
static bool read_client(struct reader *reader, const yaml_node_t *node)
{
	struct hf_config *config = reader->config;
	struct hf_config_access *rule = &config->access[config->access_count];
	const char *text = hf_config_scalar(reader, node, section, "clients", "address or prefix"), *fault;

	if (!text)
		return false;
	*rule = (struct hf_config_access){0};
	fault = hf_prefix_from_text(text, &rule->clients);
	if (fault)
		return hf_config_fail(reader, hf_config_line(node), section, "clients",
				      "'%.64s' %s (allowed: ADDR or ADDR/LENGTH)", text, fault);
	for (size_t i = 0; i < config->access_count; i++) {
		if (hf_prefix_equal(&config->access[i].clients, &rule->clients))
			return hf_config_fail(reader, hf_config_line(node), section, "clients", "'%.64s' has a rule already",
					      text);
	}
	config->access_count++;
	return true;
}

static bool read_clients(struct reader *reader, const yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE)
		return grow(reader, node, 1) && read_client(reader, node);
	if (node->data.sequence.items.start == node->data.sequence.items.top)
		return hf_config_fail(reader, hf_config_line(node), section, "clients", "is an empty list");
	if (!grow(reader, node, (size_t)(node->data.sequence.items.top - node->data.sequence.items.start)))
		return false;
	for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
		if (!read_client(reader, hf_config_node(reader, *item)))
			return false;
	}
	return true;
}

static bool read_action(struct reader *reader, const yaml_node_t *node, uint8_t *action)
{
	const char *text = hf_config_scalar(reader, node, section, "action", "allow, allow-snoop, refuse, drop");

	if (!text)
		return false;
	for (*action = 0; actions[*action]; ++*action) {
		if (strcmp(actions[*action], text) == 0)
			return true;
	}
	return hf_config_fail(reader, hf_config_line(node), section, "action",
			      "'%.64s' is not allowed here (allowed: allow, allow-snoop, refuse, drop)", text);
}

static bool read_dns64(struct reader *reader, const yaml_node_t *node, struct hf_prefix *prefix)
{
	const char *text = hf_config_scalar(reader, node, section, "dns64", "IPv6 prefix"), *fault;

	if (!text)
		return false;
	fault = hf_prefix_from_text(text, prefix);
	if (!fault)
		fault = hf_dns64_prefix_fault(prefix);
	return !fault || hf_config_fail(reader, hf_config_line(node), section, "dns64",
					"'%.64s' %s (allowed: IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits, RFC 6052)", text,
					fault);
}

static bool read_rule(struct reader *reader, const yaml_node_t *node)
{
	struct hf_config *config = reader->config;
	const size_t first = config->access_count;
	struct hf_prefix dns64 = {0};
	bool has_action = false;
	uint8_t action = HF_ACCESS_ALLOW;

	if (node->type != YAML_MAPPING_NODE)
		return hf_config_fail(reader, hf_config_line(node), section, NULL,
				      "is not a rule (allowed: {clients: [prefix …], action: ACTION, dns64: PREFIX})");
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = hf_config_node(reader, pair->key), *value = hf_config_node(reader, pair->value);
		const char *name = hf_config_scalar(reader, key, section, NULL, allowed_keys);

		if (!name)
			return false;
		if (strcmp(name, "clients") == 0) {
			if (config->access_count > first)
				return hf_config_fail(reader, hf_config_line(key), section, name, "is given twice");
			if (!read_clients(reader, value))
				return false;
		} else if (strcmp(name, "action") == 0) {
			if (has_action)
				return hf_config_fail(reader, hf_config_line(key), section, name, "is given twice");
			has_action = true;
			if (!read_action(reader, value, &action))
				return false;
		} else if (strcmp(name, "dns64") == 0) {
			if (dns64.family)
				return hf_config_fail(reader, hf_config_line(key), section, name, "is given twice");
			if (!read_dns64(reader, value, &dns64))
				return false;
		} else {
			return hf_config_fail(reader, hf_config_line(key), section, NULL, "unknown key '%.64s' (allowed: %s)",
					      name, allowed_keys);
		}
	}
	if (config->access_count == first)
		return hf_config_fail(reader, hf_config_line(node), section, "clients", "is missing");
	if (!has_action)
		return hf_config_fail(reader, hf_config_line(node), section, "action", "is missing");
	if (dns64.family && action >= HF_ACCESS_REFUSE)
		return hf_config_fail(reader, hf_config_line(node), section, "dns64", "is for clients that are answered");
	for (size_t i = first; i < config->access_count; i++) {
		config->access[i].action = action;
		config->access[i].dns64 = dns64;
	}
	return true;
}

bool hf_config_read_access(struct reader *reader, const yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE)
		return hf_config_fail(reader, hf_config_line(node), section, NULL,
				      "is not a list (allowed: list of {clients: [prefix …], action: ACTION, dns64: PREFIX})");
	for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
		if (!read_rule(reader, hf_config_node(reader, *item)))
			return false;
	}
	return true;
}

bool hf_config_read_dns64_ignore(struct reader *reader, const yaml_node_t *node)
{
	static const char key[] = "ignore-aaaa";
	struct hf_config *config = reader->config;
	size_t count, used = 0;

	if (node->type != YAML_SEQUENCE_NODE)
		return hf_config_fail(reader, hf_config_line(node), "dns64", key, "is not a list (allowed: list of domain names)");
	count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	if (count > HF_CONFIG_LIST_MAX)
		return hf_config_fail(reader, hf_config_line(node), "dns64", key, "has %zu names (allowed: 0 to %d)", count,
				      HF_CONFIG_LIST_MAX);
	config->dns64_ignore_aaaa = malloc(count * HF_NAME_MAX + 1);
	if (!config->dns64_ignore_aaaa)
		return hf_config_fail(reader, hf_config_line(node), "dns64", key, "out of memory");
	for (; config->dns64_ignore_count < count; config->dns64_ignore_count++) {
		const yaml_node_t *item = hf_config_node(reader, node->data.sequence.items.start[config->dns64_ignore_count]);
		const char *text = hf_config_scalar(reader, item, "dns64", key, "domain name");
		size_t length = text ? hf_name_from_text(text, config->dns64_ignore_aaaa + used) : 0;

		if (!text)
			return false;
		if (!length)
			return hf_config_fail(reader, hf_config_line(item), "dns64", key, "'%.64s' is not a domain name", text);
		used += length;
	}
	return true;
}

bool hf_config_access_equal(const struct hf_config *a, const struct hf_config *b)
{
	if (a->access_count != b->access_count)
		return false;
	for (size_t i = 0; i < a->access_count; i++) {
		const struct hf_config_access *left = &a->access[i], *right = &b->access[i];

		if (left->action != right->action || !hf_prefix_equal(&left->clients, &right->clients) ||
		    !hf_prefix_equal(&left->dns64, &right->dns64))
			return false;
	}
	return true;
}

bool hf_config_make_access(const struct hf_config *config, struct hf_dns64_table *dns64, struct hf_access **access,
			   char error[HF_CONFIG_ERROR_MAX])
{
	struct hf_access_rule *rules;

	*access = NULL;
	if (config->access_count == 0)
		return true;
	rules = calloc(config->access_count, sizeof(*rules));
	for (size_t i = 0; rules && i < config->access_count; i++) {
		const struct hf_config_access *rule = &config->access[i];

		rules[i] = (struct hf_access_rule){.clients = rule->clients, .verdict.action = rule->action};
		if (!rule->dns64.family)
			continue;
		rules[i].verdict.dns64 = (uint8_t)hf_dns64_number(dns64, &rule->dns64);
		if (!rules[i].verdict.dns64) {
			snprintf(error, HF_CONFIG_ERROR_MAX,
				 "%s: access-control.dns64: more than %d prefixes since the start; a restart forgets the former ones",
				 config->path, HF_DNS64_PREFIXES_MAX);
			free(rules);
			return false;
		}
	}
	if (rules)
		*access = hf_access_new(rules, config->access_count, (struct hf_access_verdict){HF_ACCESS_ALLOW, 0}, dns64);
	free(rules);
	if (!*access)
		snprintf(error, HF_CONFIG_ERROR_MAX, "out of memory");
	return *access != NULL;
}
