// SPDX-License-Identifier: BSD-3-Clause
/* Reads the configuration file into struct hf_config. libyaml gives a tree whose nodes know their lines; this file
 * walks it against the rows of config_options.c, then checks what no single row can say.
 *
 * The first fault ends the reading: hf_config_fail() notes it and returns false, and every caller hands that false on.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "control/config.h"
#include "control/config_options.h"
#include "control/config_reader.h"
#include "wire/name.h"

#define FILE_BYTES_MAX (1 << 20) /* a bound for a hostile or mistaken path; the largest honest file is some KiB */
/* libyaml's time grows with the square of these. The deepest honest value is five levels down. */
#define NESTING_MAX 16
#define ANCHORS_MAX 256

/* What the file says is quoted in messages, so octets that would disturb a terminal or log become '?'. */
bool hf_config_fail(struct reader *reader, unsigned line, const char *section, const char *key, const char *format, ...)
{
	va_list arguments;
	int used;

	used = snprintf(reader->error, HF_CONFIG_ERROR_MAX, "%s:%u: ", reader->name, line);
	if (used < HF_CONFIG_ERROR_MAX && (section[0] || key))
		used += snprintf(reader->error + used, (size_t)(HF_CONFIG_ERROR_MAX - used), "%s%s%s: ", section,
				 section[0] && key ? "." : "", key ? key : "");
	if (used < HF_CONFIG_ERROR_MAX) {
		va_start(arguments, format);
		vsnprintf(reader->error + used, (size_t)(HF_CONFIG_ERROR_MAX - used), format, arguments);
		va_end(arguments);
	}
	for (char *c = reader->error; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	return false;
}

/* ---- one value ---- */

static bool parse_number(const char *text, bool suffix_allowed, uint64_t *out)
{
	uint64_t value = 0;
	unsigned shift = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (suffix_allowed && *text) {
		switch (toupper((unsigned char)*text)) {
		case 'K':
			shift = 10;
			break;
		case 'M':
			shift = 20;
			break;
		case 'G':
			shift = 30;
			break;
		case 'T':
			shift = 40;
			break;
		default:
			return false;
		}
		text++;
	}
	if (*text || value > UINT64_MAX >> shift)
		return false;
	*out = value << shift;
	return true;
}

static bool parse_boolean(const char *text, bool *out)
{
	*out = strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0;
	return *out || strcasecmp(text, "false") == 0 || strcasecmp(text, "no") == 0;
}

static void store_number(const struct hf_option *option, void *field, uint64_t value)
{
	switch (option->size) {
	case sizeof(uint16_t):
		*(uint16_t *)field = (uint16_t)value;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)field = (uint32_t)value;
		break;
	default:
		*(uint64_t *)field = value;
	}
}

static bool is_loopback(const struct hf_address *address)
{
	static const uint8_t v6_loopback[16] = {[15] = 1};

	return address->family == 4 ? address->bytes[0] == 127 : memcmp(address->bytes, v6_loopback, 16) == 0;
}

static bool is_unspecified(const struct hf_address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

/* http and the two source addresses. */
static bool parse_address(const struct hf_option *option, const char *text, struct hf_address *out)
{
	struct hf_address address;

	if (option->min == 0 && strcasecmp(text, "off") == 0) {
		memset(out, 0, sizeof(*out));
		return true;
	}
	if (!hf_address_from_text(text, (uint16_t)option->max, &address))
		return false;
	if (option->min) { /* a source address: the port is drawn per query, so none may be given */
		if (address.family != option->min || address.port != 0)
			return false;
		if (is_unspecified(&address))
			memset(&address, 0, sizeof(address));
	} else if (!is_loopback(&address) || address.port == 0) {
		return false; /* metrics have no access control of their own */
	}
	*out = address;
	return true;
}

/* Puts `text` into the option's field. Only kinds that are one scalar come here. */
static bool store_scalar(struct reader *reader, const struct hf_option *option, const char *text, unsigned line)
{
	void *field = (char *)reader->config + option->offset;
	char allowed[HF_OPTION_ALLOWED_MAX];
	uint64_t number;
	size_t length;
	char *copy;

	switch (option->kind) {
	case HF_OPTION_BOOLEAN:
		if (parse_boolean(text, field))
			return true;
		break;
	case HF_OPTION_INTEGER:
	case HF_OPTION_BYTES:
		if (!parse_number(text, option->kind == HF_OPTION_BYTES, &number))
			return hf_config_fail(reader, line, option->section, option->key, "'%.64s' is not a%s (allowed: %s)",
				    text, option->kind == HF_OPTION_BYTES ? " size" : "n integer",
				    hf_option_allowed(option, allowed));
		if (number < option->min || number > option->max)
			return hf_config_fail(reader, line, option->section, option->key, "%.64s is out of bounds (allowed: %s)",
				    text, hf_option_allowed(option, allowed));
		store_number(option, field, number);
		return true;
	case HF_OPTION_CHOICE:
		for (unsigned i = 0; option->choices[i]; i++) {
			if (strcmp(text, option->choices[i]) == 0) {
				store_number(option, field, i);
				return true;
			}
		}
		break;
	case HF_OPTION_TEXT:
	case HF_OPTION_PATH:
		length = strlen(text);
		if (length < option->min || length > option->max)
			break;
		for (const char *c = text; *c; c++) {
			if (iscntrl((unsigned char)*c))
				return hf_config_fail(reader, line, option->section, option->key, "holds a control character");
		}
		copy = strdup(text);
		if (!copy)
			return hf_config_fail(reader, line, option->section, option->key, "out of memory");
		free(*(char **)field);
		*(char **)field = copy;
		return true;
	case HF_OPTION_ADDRESS:
		if (parse_address(option, text, field))
			return true;
		break;
	case HF_OPTION_ADDRESSES:
	case HF_OPTION_ROUTES:
	case HF_OPTION_ACCESS:
	case HF_OPTION_LOCAL_DATA:
	case HF_OPTION_LOCAL_ZONES:
	case HF_OPTION_PRIVATE_ADDRESSES:
	case HF_OPTION_DO_NOT_QUERY:
	case HF_OPTION_PRIVATE_DOMAINS:
	case HF_OPTION_TRUST_ANCHORS:
	case HF_OPTION_NTAS:
	case HF_OPTION_DNS64_IGNORE:
		break;
	}
	return hf_config_fail(reader, line, option->section, option->key, "'%.64s' is not allowed here (allowed: %s)", text,
		    hf_option_allowed(option, allowed));
}

/* ---- the tree ---- */

yaml_node_t *hf_config_node(struct reader *reader, int index)
{
	return yaml_document_get_node(reader->document, index);
}

unsigned hf_config_line(const yaml_node_t *node)
{
	return (unsigned)node->start_mark.line + 1;
}

static bool is_plain(const yaml_node_t *node, const char *text)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       strcmp((const char *)node->data.scalar.value, text) == 0;
}

/* What YAML calls null: `key:` with nothing behind, `~`, `null`. */
static bool is_null(const yaml_node_t *node)
{
	return is_plain(node, "") || is_plain(node, "~") || is_plain(node, "null");
}

const char *hf_config_scalar(struct reader *reader, const yaml_node_t *node, const char *section, const char *key,
			     const char *allowed)
{
	const char *text;

	if (node->type != YAML_SCALAR_NODE) {
		hf_config_fail(reader, hf_config_line(node), section, key, "a %s stands where one value is wanted (allowed: %s)",
		     node->type == YAML_SEQUENCE_NODE ? "list" : "section", allowed);
		return NULL;
	}
	if (is_null(node)) {
		hf_config_fail(reader, hf_config_line(node), section, key, "no value is given (allowed: %s)", allowed);
		return NULL;
	}
	text = (const char *)node->data.scalar.value;
	if (strlen(text) != node->data.scalar.length) {
		hf_config_fail(reader, hf_config_line(node), section, key, "holds a NUL character");
		return NULL;
	}
	return text;
}

/* A list of addresses into a new array. */
static bool read_addresses(struct reader *reader, const yaml_node_t *node, const char *section, const char *key,
			   struct hf_address **out, size_t *out_count)
{
	struct hf_address *list;
	size_t count;

	if (node->type != YAML_SEQUENCE_NODE)
		return hf_config_fail(reader, hf_config_line(node), section, key,
			    "is not a list (allowed: [\"ADDR\", \"ADDR:PORT\", \"[ADDR]:PORT\" …])");
	count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	if (count == 0 || count > HF_CONFIG_LIST_MAX)
		return hf_config_fail(reader, hf_config_line(node), section, key, "has %zu addresses (allowed: 1 to %d)", count,
			    HF_CONFIG_LIST_MAX);
	list = calloc(count, sizeof(*list));
	if (!list)
		return hf_config_fail(reader, hf_config_line(node), section, key, "out of memory");
	*out = list; /* whatever happens below, hf_config_free finds it */
	*out_count = count;
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = hf_config_node(reader, node->data.sequence.items.start[i]);
		const char *text = hf_config_scalar(reader, item, section, key, "address");

		if (!text)
			return false;
		if (!hf_address_from_text(text, 53, &list[i]) || list[i].port == 0)
			return hf_config_fail(reader, hf_config_line(item), section, key,
				    "'%.64s' is not an address (allowed: ADDR, ADDR:PORT or [ADDR]:PORT)", text);
		for (size_t j = 0; j < i; j++) {
			if (hf_address_equal(&list[i], &list[j]))
				return hf_config_fail(reader, hf_config_line(item), section, key, "'%.64s' is named twice", text);
		}
	}
	return true;
}

static bool read_route(struct reader *reader, const yaml_node_t *node, struct hf_config_route *route)
{
	static const char section[] = "resolver.routes";
	bool has_servers = false;

	if (node->type != YAML_MAPPING_NODE)
		return hf_config_fail(reader, hf_config_line(node), section, NULL,
			    "is not a route (allowed: {zone: NAME, forward|stub: [address …], first: BOOLEAN})");
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
	     pair++) {
		const yaml_node_t *key = hf_config_node(reader, pair->key), *value = hf_config_node(reader, pair->value);
		const char *name = hf_config_scalar(reader, key, section, NULL, "zone, forward, stub, first");

		if (!name)
			return false;
		if (strcmp(name, "zone") == 0) {
			uint8_t wire[HF_NAME_MAX];
			const char *zone = hf_config_scalar(reader, value, section, "zone", "domain name");

			if (!zone)
				return false;
			if (route->zone)
				return hf_config_fail(reader, hf_config_line(key), section, "zone", "is given twice");
			if (!hf_name_from_text(zone, wire))
				return hf_config_fail(reader, hf_config_line(value), section, "zone", "'%.64s' is not a domain name",
					    zone);
			route->zone = strdup(zone);
			if (!route->zone)
				return hf_config_fail(reader, hf_config_line(value), section, "zone", "out of memory");
		} else if (strcmp(name, "forward") == 0 || strcmp(name, "stub") == 0) {
			if (has_servers)
				return hf_config_fail(reader, hf_config_line(key), section, name,
					    "a route has one of forward and stub, once");
			has_servers = true;
			route->forward = name[0] == 'f';
			/* An empty list takes the zone out of what is forwarded above it. */
			if (route->forward && value->type == YAML_SEQUENCE_NODE &&
			    value->data.sequence.items.start == value->data.sequence.items.top)
				continue;
			if (!read_addresses(reader, value, section, name, &route->servers, &route->server_count))
				return false;
		} else if (strcmp(name, "first") == 0) {
			const char *text = hf_config_scalar(reader, value, section, "first", "true or false");

			if (!text)
				return false;
			if (!parse_boolean(text, &route->first))
				return hf_config_fail(reader, hf_config_line(value), section, "first",
					    "'%.64s' is not a boolean (allowed: true, false)", text);
		} else {
			return hf_config_fail(reader, hf_config_line(key), section, name, "unknown key (allowed: zone, forward, stub, first)");
		}
	}
	if (!route->zone)
		return hf_config_fail(reader, hf_config_line(node), section, "zone", "is missing");
	if (!has_servers)
		return hf_config_fail(reader, hf_config_line(node), section, NULL, "the route of %.64s has neither forward nor stub",
			    route->zone);
	return true;
}

static bool read_routes(struct reader *reader, const yaml_node_t *node)
{
	static const char section[] = "resolver.routes";
	struct hf_config *config = reader->config;
	uint8_t zone[HF_NAME_MAX], other[HF_NAME_MAX];
	size_t count;

	if (node->type != YAML_SEQUENCE_NODE)
		return hf_config_fail(reader, hf_config_line(node), section, NULL,
			    "is not a list (allowed: list of {zone: NAME, forward|stub: [address …], first: BOOLEAN})");
	count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	if (count > HF_CONFIG_LIST_MAX)
		return hf_config_fail(reader, hf_config_line(node), section, NULL, "has %zu routes (allowed: 0 to %d)", count, HF_CONFIG_LIST_MAX);
	if (count == 0)
		return true;
	config->routes = calloc(count, sizeof(*config->routes));
	if (!config->routes)
		return hf_config_fail(reader, hf_config_line(node), section, NULL, "out of memory");
	config->route_count = count;
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = hf_config_node(reader, node->data.sequence.items.start[i]);

		if (!read_route(reader, item, &config->routes[i]))
			return false;
		hf_name_from_text(config->routes[i].zone, zone);
		for (size_t j = 0; j < i; j++) {
			hf_name_from_text(config->routes[j].zone, other);
			if (hf_name_equal(zone, other))
				return hf_config_fail(reader, hf_config_line(item), section, "zone", "'%.64s' has a route already",
					    config->routes[i].zone);
		}
	}
	return true;
}

static bool read_value(struct reader *reader, const struct hf_option *option, const yaml_node_t *node)
{
	char allowed[HF_OPTION_ALLOWED_MAX];
	const char *text;

	switch (option->kind) {
	case HF_OPTION_ADDRESSES:
		return read_addresses(reader, node, option->section, option->key, &reader->config->listen,
				      &reader->config->listen_count);
	case HF_OPTION_ROUTES:
		return read_routes(reader, node);
	case HF_OPTION_ACCESS:
		return hf_config_read_access(reader, node);
	case HF_OPTION_LOCAL_DATA:
		return hf_config_read_local_data(reader, node);
	case HF_OPTION_LOCAL_ZONES:
		return hf_config_read_local_zones(reader, node);
	case HF_OPTION_PRIVATE_ADDRESSES:
		return hf_config_read_prefixes(reader, node, option, &reader->config->private_addresses,
					       &reader->config->private_address_count);
	case HF_OPTION_DO_NOT_QUERY:
		return hf_config_read_prefixes(reader, node, option, &reader->config->do_not_query,
					       &reader->config->do_not_query_count);
	case HF_OPTION_PRIVATE_DOMAINS:
		return hf_config_read_private_domains(reader, node);
	case HF_OPTION_TRUST_ANCHORS:
		return hf_config_read_trust_anchors(reader, node);
	case HF_OPTION_NTAS:
		return hf_config_read_ntas(reader, node);
	case HF_OPTION_DNS64_IGNORE:
		return hf_config_read_dns64_ignore(reader, node);
	default:
		text = hf_config_scalar(reader, node, option->section, option->key, hf_option_allowed(option, allowed));
		return text && store_scalar(reader, option, text, hf_config_line(node));
	}
}

static bool unknown_key(struct reader *reader, const yaml_node_t *node, const char *section, const char *key)
{
	char known[HF_CONFIG_ERROR_MAX] = "";
	const char *last = "";
	size_t used = 0;

	for (size_t i = 0; i < hf_option_count && used < sizeof(known); i++) {
		/* On the top level a section's name is a key as well. */
		const char *name = strcmp(hf_options[i].section, section) == 0 ? hf_options[i].key
				   : section[0] == '\0'			       ? hf_options[i].section
									       : last;

		if (strcmp(name, last) == 0)
			continue;
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", name);
		last = name;
	}
	return hf_config_fail(reader, hf_config_line(node), section, NULL, "unknown key '%.64s' (allowed: %s)", key, known);
}

/* One mapping: the top level (section "") or a section. */
static bool read_section(struct reader *reader, const yaml_node_t *node, const char *section)
{
	if (is_null(node))
		return true; /* a section whose lines are all commented out */
	if (node->type != YAML_MAPPING_NODE)
		return hf_config_fail(reader, hf_config_line(node), section, NULL, "is not a section (allowed: KEY: VALUE lines)");
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
	     pair++) {
		const yaml_node_t *key_node = hf_config_node(reader, pair->key), *value = hf_config_node(reader, pair->value);
		const char *key = hf_config_scalar(reader, key_node, section, NULL, "key");
		size_t i, first_of_section = hf_option_count;

		if (!key)
			return false;
		/* libyaml takes a repeated key without a word; here one of the two would silently lose. */
		for (const yaml_node_pair_t *before = node->data.mapping.pairs.start; before < pair; before++) {
			const yaml_node_t *earlier = hf_config_node(reader, before->key);

			if (strcmp((const char *)earlier->data.scalar.value, key) == 0)
				return hf_config_fail(reader, hf_config_line(key_node), section, key, "is given twice, first in line %u",
					    hf_config_line(earlier));
		}
		for (i = 0; i < hf_option_count; i++) {
			if (strcmp(hf_options[i].section, section) == 0 && strcmp(hf_options[i].key, key) == 0)
				break;
			if (!section[0] && key[0] && strcmp(hf_options[i].section, key) == 0)
				first_of_section = i;
		}
		if (i < hf_option_count) {
			reader->lines[i] = hf_config_line(value);
			if (!read_value(reader, &hf_options[i], value))
				return false;
		} else if (first_of_section < hf_option_count) {
			if (!read_section(reader, value, hf_options[first_of_section].section))
				return false;
		} else {
			return unknown_key(reader, key_node, section, key);
		}
	}
	return true;
}

/* ---- what no single row can say ---- */

static bool fail_at(struct reader *reader, const char *section, const char *key, const char *text)
{
	unsigned line = 1; /* of a default: the whole file */

	for (size_t i = 0; i < hf_option_count; i++) {
		if (strcmp(hf_options[i].section, section) == 0 && strcmp(hf_options[i].key, key) == 0 &&
		    reader->lines[i])
			line = reader->lines[i];
	}
	return hf_config_fail(reader, line, section, key, "%s", text);
}

/* The name becomes a directory below bpffs and an argument of DPDK. */
static bool is_interface_name(const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++) {
		if (*name == '/' || *name == ':' || *name == ',' || isspace((unsigned char)*name))
			return false;
	}
	return true;
}

static bool check_whole(struct reader *reader)
{
	const struct hf_config *config = reader->config;

	if (config->listen_count == 0)
		return fail_at(reader, "", "listen", "is missing (allowed: list of addresses with optional ports)");
	if (!is_interface_name(config->interface))
		return fail_at(reader, "dataplane", "interface", "is not the name of an interface");
	if (config->io == HF_IO_DPDK && !config->interface[0])
		return fail_at(reader, "dataplane", "io", "dpdk needs dataplane.interface");
	if (config->fastpath && !config->interface[0])
		return fail_at(reader, "fastpath", "enabled", "the fast path needs dataplane.interface");
	/* It picks its frames by destination address, so a wildcard would pick none. */
	for (size_t i = 0; config->io == HF_IO_DPDK && i < config->listen_count; i++) {
		if (is_unspecified(&config->listen[i]))
			return fail_at(reader, "", "listen", "io: dpdk needs each address by name, not 0.0.0.0 or ::");
	}
	if (config->min_ttl > config->max_ttl)
		return fail_at(reader, "cache", "min-ttl", "is above cache.max-ttl");
	if (!config->use_ipv4 && !config->use_ipv6)
		return fail_at(reader, "resolver", "ipv6", "resolver.ipv4 and resolver.ipv6 are both off");
	if (config->timeout_min_ms > config->timeout_max_ms)
		return fail_at(reader, "resolver", "timeout-min-ms", "is above resolver.timeout-max-ms");
	if (config->timeout_initial_ms > config->timeout_max_ms)
		return fail_at(reader, "resolver", "timeout-initial-ms", "is above resolver.timeout-max-ms");
	if (strcmp(config->dataplane_socket, config->control_socket) == 0)
		return fail_at(reader, "control", "control-socket", "is the same as control.dataplane-socket");
	return true;
}

/* ---- the whole ---- */

static bool set_defaults(struct reader *reader)
{
	for (size_t i = 0; i < hf_option_count; i++) {
		if (hf_options[i].fallback && !store_scalar(reader, &hf_options[i], hf_options[i].fallback, 0))
			return false;
	}
	return true;
}

static bool fail_syntax(struct reader *reader, const yaml_parser_t *parser, const char *text, size_t length)
{
	unsigned line = (unsigned)parser->problem_mark.line + 1;

	/* A fault of the encoding has an offset and no mark. */
	if (parser->error == YAML_READER_ERROR) {
		line = 1;
		for (size_t i = 0; i < parser->problem_offset && i < length; i++)
			line += text[i] == '\n';
	}
	return hf_config_fail(reader, line, "", NULL, "not YAML: %s%s%s", parser->problem ? parser->problem : "unreadable",
		    parser->context ? ", " : "", parser->context ? parser->context : "");
}

/* Whether libyaml can read it in reasonable time. Syntax errors are for read_document() to tell. */
static bool check_shape(struct reader *reader, const char *text, size_t length)
{
	unsigned nesting = 0, anchors = 0;
	yaml_parser_t parser;
	yaml_event_t event;
	bool good = true, end = false;

	if (!yaml_parser_initialize(&parser))
		return hf_config_fail(reader, 1, "", NULL, "out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	while (good && !end && yaml_parser_parse(&parser, &event)) {
		unsigned line = (unsigned)event.start_mark.line + 1;

		end = event.type == YAML_STREAM_END_EVENT;
		if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT) {
			anchors += event.type == YAML_SEQUENCE_START_EVENT ? event.data.sequence_start.anchor != NULL
									   : event.data.mapping_start.anchor != NULL;
			if (++nesting > NESTING_MAX)
				good = hf_config_fail(reader, line, "", NULL, "more than %d levels of nesting", NESTING_MAX);
		} else if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) {
			nesting--;
		} else if (event.type == YAML_SCALAR_EVENT) {
			anchors += event.data.scalar.anchor != NULL;
		}
		if (good && anchors > ANCHORS_MAX)
			good = hf_config_fail(reader, line, "", NULL, "more than %d anchors", ANCHORS_MAX);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return good;
}

static bool read_document(struct reader *reader, yaml_parser_t *parser, const char *text, size_t length)
{
	yaml_document_t document;
	yaml_node_t *root;
	bool good = true;

	yaml_parser_set_input_string(parser, (const unsigned char *)text, length);
	if (!yaml_parser_load(parser, &document))
		return fail_syntax(reader, parser, text, length);
	reader->document = &document;
	root = yaml_document_get_root_node(&document);
	if (root)
		good = read_section(reader, root, "");
	yaml_document_delete(&document);
	if (!good)
		return false;

	if (!yaml_parser_load(parser, &document))
		return fail_syntax(reader, parser, text, length);
	root = yaml_document_get_root_node(&document);
	if (root)
		good = hf_config_fail(reader, hf_config_line(root), "", NULL, "a second YAML document starts here (allowed: one)");
	yaml_document_delete(&document);
	return good && check_whole(reader);
}

struct hf_config *hf_config_parse(const char *text, size_t length, const char *name, char error[HF_CONFIG_ERROR_MAX])
{
	struct reader reader = {.name = name, .error = error};
	yaml_parser_t parser;
	bool good = false;

	error[0] = '\0';
	if (length > FILE_BYTES_MAX) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: larger than %d octets", name, FILE_BYTES_MAX);
		return NULL;
	}
	reader.config = calloc(1, sizeof(*reader.config));
	reader.lines = calloc(hf_option_count, sizeof(*reader.lines));
	if (reader.config)
		reader.config->path = strdup(name);
	if (!reader.config || !reader.lines || !reader.config->path || !yaml_parser_initialize(&parser)) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: out of memory", name);
	} else {
		good = set_defaults(&reader) && check_shape(&reader, text, length) &&
		       read_document(&reader, &parser, text, length);
		yaml_parser_delete(&parser);
	}
	free(reader.lines);
	if (good)
		return reader.config;
	hf_config_free(reader.config);
	return NULL;
}

struct hf_config *hf_config_load(const char *path, char error[HF_CONFIG_ERROR_MAX])
{
	struct hf_config *config = NULL;
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t length;

	if (!file) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: cannot be opened: %s", path, strerror(errno));
		return NULL;
	}
	text = malloc(FILE_BYTES_MAX + 1);
	if (!text) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: out of memory", path);
	} else {
		errno = 0;
		length = fread(text, 1, FILE_BYTES_MAX + 1, file);
		if (ferror(file))
			snprintf(error, HF_CONFIG_ERROR_MAX, "%s: cannot be read: %s", path, strerror(errno));
		else
			config = hf_config_parse(text, length, path, error);
	}
	free(text);
	fclose(file);
	return config;
}

void hf_config_free(struct hf_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < hf_option_count; i++) {
		if (hf_options[i].kind == HF_OPTION_TEXT || hf_options[i].kind == HF_OPTION_PATH)
			free(*(char **)((char *)config + hf_options[i].offset));
	}
	for (size_t i = 0; i < config->route_count; i++) {
		free(config->routes[i].zone);
		free(config->routes[i].servers);
	}
	free(config->routes);
	free(config->access);
	hf_config_free_local(config);
	hf_config_free_validation(config);
	free(config->dns64_ignore_aaaa);
	free(config->listen);
	free(config->path);
	free(config);
}
