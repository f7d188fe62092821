// SPDX-License-Identifier: BSD-3-Clause
/* The configuration file. Whatever stands in it is taken, with all promises of control/config.h kept, or refused with a message that
 * begins with the file's name. */
#include <string.h>
#include "control/config.h"
#include "fuzz.h"
#include "policy/access.h"
#include "wire/name.h"

/* Each prefix's first address has the verdict of its own rule, or of one further down. */
static void check_access(const struct hf_config *config)
{
	struct hf_dns64_table dns64 = {0};
	struct hf_access *access;
	char error[HF_CONFIG_ERROR_MAX];

	if (!hf_config_make_access(config, &dns64, &access, error))
		return; /* too many prefixes for DNS64 */
	FUZZ_CHECK((access != NULL) == (config->access_count > 0));
	for (size_t i = 0; i < config->access_count; i++) {
		const struct hf_config_access *rule = &config->access[i];
		struct hf_address client = {.family = rule->clients.family};
		uint8_t expected = rule->action;
		unsigned longest = rule->clients.length;

		memcpy(client.bytes, rule->clients.bytes, sizeof(client.bytes));
		for (size_t j = 0; j < config->access_count; j++) {
			const struct hf_prefix *other = &config->access[j].clients;

			if (other->family == client.family && other->length >= longest &&
			    memcmp(other->bytes, client.bytes, sizeof(client.bytes)) == 0) {
				longest = other->length;
				expected = config->access[j].action;
			}
		}
		FUZZ_CHECK(hf_access_of(access, &client).action == expected);
	}
	hf_access_free(access);
}

static void check_config(const struct hf_config *config)
{
	uint8_t zone[HF_NAME_MAX];

	FUZZ_CHECK(config->listen_count > 0);
	for (size_t i = 0; i < config->listen_count; i++)
		FUZZ_CHECK((config->listen[i].family == 4 || config->listen[i].family == 6) && config->listen[i].port != 0);
	FUZZ_CHECK(config->interface && config->dpdk_args && config->user && config->bpffs && config->root_hints);
	FUZZ_CHECK(config->dataplane_socket[0] && config->control_socket[0]);
	FUZZ_CHECK(config->io == HF_IO_SOCKETS || config->interface[0]);
	FUZZ_CHECK(!config->fastpath || config->interface[0]);
	FUZZ_CHECK(config->hot_entries >= 1024 && config->hot_entries <= 262144);
	FUZZ_CHECK(config->cache_bytes >= 1 << 20 && config->min_ttl <= config->max_ttl);
	FUZZ_CHECK(config->timeout_min_ms <= config->timeout_max_ms && config->edns_size >= 512);
	FUZZ_CHECK(config->resolver_threads > 0 && config->queues > 0 && config->query_log_sample > 0);
	FUZZ_CHECK(config->source_ipv4.family == 0 || config->source_ipv4.family == 4);
	FUZZ_CHECK(config->source_ipv6.family == 0 || config->source_ipv6.family == 6);
	for (size_t i = 0; i < config->route_count; i++)
		FUZZ_CHECK(config->routes[i].server_count > 0 && hf_name_from_text(config->routes[i].zone, zone));
	check_access(config);
	FUZZ_CHECK(hf_config_needs_restart(config, config) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[HF_CONFIG_ERROR_MAX];
	struct hf_config *config = hf_config_parse((const char *)data, size, "f.yaml", error);

	if (config) {
		check_config(config);
		hf_config_free(config);
		return 0;
	}
	FUZZ_CHECK(strncmp(error, "f.yaml:", 7) == 0 && strlen(error) < HF_CONFIG_ERROR_MAX);
	for (const char *c = error; *c; c++)
		FUZZ_CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
	return 0;
}
