// SPDX-License-Identifier: BSD-3-Clause
/* How values with an inside of their own (lists of mappings) are read from the configuration file's tree; private to the configuration
 * library.
 */
#pragma once
#include <stdbool.h>
#include <yaml.h>
#include "control/config.h"
#include "control/config_options.h"

#define HF_CONFIG_LIST_MAX 4096 /* elements of a list */

struct reader {
	const char *name;
	yaml_document_t *document;
	struct hf_config *config;
	unsigned *lines; /* of each row's value; 0: the file does not set it */
	char *error;
};

/* Notes the fault and returns false. `key` may be NULL. */
bool hf_config_fail(struct reader *reader, unsigned line, const char *section, const char *key, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

yaml_node_t *hf_config_node(struct reader *reader, int index);
unsigned hf_config_line(const yaml_node_t *node);
/* The text of a scalar node; NULL (and a fault noted) for anything else. */
const char *hf_config_scalar(struct reader *reader, const yaml_node_t *node, const char *section, const char *key,
			     const char *allowed);

/* access-control: */
bool hf_config_read_access(struct reader *reader, const yaml_node_t *node);

/* local:, and lists of resolver: */
bool hf_config_read_local_data(struct reader *reader, const yaml_node_t *node);
bool hf_config_read_local_zones(struct reader *reader, const yaml_node_t *node);
bool hf_config_read_prefixes(struct reader *reader, const yaml_node_t *node, const struct hf_option *option,
			     struct hf_prefix **prefixes, size_t *count);
bool hf_config_read_private_domains(struct reader *reader, const yaml_node_t *node);
void hf_config_free_local(struct hf_config *config);
/* validation: */
bool hf_config_read_trust_anchors(struct reader *reader, const yaml_node_t *node);
bool hf_config_read_ntas(struct reader *reader, const yaml_node_t *node);
void hf_config_free_validation(struct hf_config *config);
/* Room for the elements of a list, zeroed; NULL, with *count 0, after a fault. And one of its elements. */
void *hf_config_take_list(struct reader *reader, const yaml_node_t *node, const char *section, const char *key, size_t size,
			  size_t *count);
const yaml_node_t *hf_config_item(struct reader *reader, const yaml_node_t *node, size_t index);
/* A copy of a scalar, with its line. */
bool hf_config_take_text(struct reader *reader, const yaml_node_t *node, const char *section, const char *key,
			 const char *allowed, struct hf_config_text *out);
/* dns64.ignore-aaaa: */
bool hf_config_read_dns64_ignore(struct reader *reader, const yaml_node_t *node);
