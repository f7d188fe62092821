// SPDX-License-Identifier: BSD-3-Clause
/* Which of the TCP listener's connections come from one source: an IPv4 address, or an IPv6 /64, which is what one site has
 * (RFC 6177). A node is part of its connection, so that nothing is allocated after the start. The listener's thread's alone. */
#pragma once
#include <stdint.h>
#include <sys/queue.h>
#include "base/address.h"
#include "base/siphash.h"

struct hf_tcp_source {
	LIST_ENTRY(hf_tcp_source) link;
	struct hf_address prefix;
};

struct hf_tcp_sources;

/* `key` keeps outsiders from choosing addresses that are looked for in one place. NULL without memory. */
struct hf_tcp_sources *hf_tcp_sources_new(unsigned slots, const uint8_t key[HF_SIPHASH_KEY]);
void hf_tcp_sources_free(struct hf_tcp_sources *sources);

void hf_tcp_sources_add(struct hf_tcp_sources *sources, struct hf_tcp_source *node, const struct hf_address *client);
void hf_tcp_sources_remove(struct hf_tcp_source *node);
/* The next of the same source as `client`, NULL after the last; `after` NULL: the first. */
struct hf_tcp_source *hf_tcp_sources_next(struct hf_tcp_sources *sources, const struct hf_tcp_source *after,
					  const struct hf_address *client);
