// SPDX-License-Identifier: BSD-3-Clause
/* Chains by a keyed hash of the prefix. */
#include "io/tcp_sources.h"
#include <stdlib.h>
#include <string.h>

LIST_HEAD(chain, hf_tcp_source);

struct hf_tcp_sources {
	uint8_t key[HF_SIPHASH_KEY];
	unsigned mask;
	struct chain chains[];
};

struct hf_tcp_sources *hf_tcp_sources_new(unsigned slots, const uint8_t key[HF_SIPHASH_KEY])
{
	unsigned count = 1;
	struct hf_tcp_sources *sources;

	while (count < slots)
		count *= 2;
	sources = calloc(1, sizeof(*sources) + count * sizeof(sources->chains[0]));
	if (!sources)
		return NULL;
	memcpy(sources->key, key, sizeof(sources->key));
	sources->mask = count - 1;
	return sources;
}

void hf_tcp_sources_free(struct hf_tcp_sources *sources)
{
	free(sources);
}

static struct hf_address prefix_of(const struct hf_address *client)
{
	struct hf_address prefix = *client;

	prefix.port = 0;
	if (prefix.family == 6)
		memset(prefix.bytes + 8, 0, 8);
	return prefix;
}

static struct chain *chain_of(struct hf_tcp_sources *sources, const struct hf_address *prefix)
{
	return &sources->chains[hf_siphash(sources->key, prefix->bytes, sizeof(prefix->bytes)) & sources->mask];
}

void hf_tcp_sources_add(struct hf_tcp_sources *sources, struct hf_tcp_source *node, const struct hf_address *client)
{
	node->prefix = prefix_of(client);
	LIST_INSERT_HEAD(chain_of(sources, &node->prefix), node, link);
}

void hf_tcp_sources_remove(struct hf_tcp_source *node)
{
	LIST_REMOVE(node, link);
}

struct hf_tcp_source *hf_tcp_sources_next(struct hf_tcp_sources *sources, const struct hf_tcp_source *after,
					  const struct hf_address *client)
{
	struct hf_address prefix = prefix_of(client);
	struct hf_tcp_source *node = after ? LIST_NEXT(after, link) : LIST_FIRST(chain_of(sources, &prefix));

	while (node && !hf_address_equal(&node->prefix, &prefix))
		node = LIST_NEXT(node, link);
	return node;
}
