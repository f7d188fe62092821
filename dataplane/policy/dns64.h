// SPDX-License-Identifier: BSD-3-Clause
/* DNS64 (RFC 6147): IPv4 addresses inside IPv6 prefixes (RFC 6052), forwards and back, and RRsets made of them. When to synthesise is the
 * resolver's affair (resolver/synthesis.h).
 *
 * A prefix is known by its number, 1 to HF_DNS64_PREFIXES_MAX, which stands in the reply class of a question (bpf/fastpath_abi.h) and
 * so in the key of its cached answer: what was synthesised for one prefix is found by no other client. A number means the same prefix
 * as long as the process lives; a table only grows.
 *
 * Pure functions; any thread.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/prefix.h"
#include "bpf/fastpath_abi.h"
#include "wire/rrset.h"

enum { HF_DNS64_PREFIXES_MAX = 0xff >> HF_REPLY_DNS64_SHIFT };

struct hf_dns64_table {
	unsigned count;
	struct hf_prefix prefixes[HF_DNS64_PREFIXES_MAX]; /* of number 1, 2 … */
};

/* The prefix's number, given to it if it had none; 0 when all are taken. */
unsigned hf_dns64_number(struct hf_dns64_table *table, const struct hf_prefix *prefix);
/* The prefix that a reply class names; NULL for none, and for a number that the table does not have. */
const struct hf_prefix *hf_dns64_of_class(const struct hf_dns64_table *table, uint8_t reply_class);

/* What a question by a client with the prefix of this number adds to its reply class: the number, shifted, where the prefix has a part in the
 * answer; 0 for other types and names, and with both DO and CD set: who validates by himself must not get what is made up (RFC 6147
 * §5.5). */
uint8_t hf_dns64_class(const struct hf_dns64_table *table, unsigned number, const uint8_t *name, uint16_t qtype,
		       uint8_t reply_class);

/* NULL when `prefix` can hold IPv4 addresses (RFC 6052 §2.2), else a constant text that says what is wrong. */
const char *hf_dns64_prefix_fault(const struct hf_prefix *prefix);

void hf_dns64_embed(const struct hf_prefix *prefix, const uint8_t ipv4[4], uint8_t ipv6[16]);
/* False when `ipv6` is not in the prefix. */
bool hf_dns64_extract(const struct hf_prefix *prefix, const uint8_t ipv6[16], uint8_t ipv4[4]);
/* Whether the prefix may stand for this address: the well-known one may not for addresses that are not global (RFC 6052 §3.1). */
bool hf_dns64_may_embed(const struct hf_prefix *prefix, const uint8_t ipv4[4]);

/* From the name of an address in the prefix, below ip6.arpa, to that of the IPv4 address in it, below in-addr.arpa. False for any other
 * name. */
bool hf_dns64_reverse(const struct hf_prefix *prefix, const uint8_t *name, uint8_t out[HF_NAME_MAX]);

/* The AAAA set that stands for the A set, with `ttl`, for as many addresses as an RRset has room for; `out` becomes NULL when no address
 * may be embedded. False without memory: that says nothing of the name. */
bool hf_dns64_synthesise(const struct hf_prefix *prefix, const struct hf_rrset *a, uint32_t ttl, struct hf_arena *arena,
			 const struct hf_rrset **out);
/* The AAAA set without addresses in ::ffff:0:0/96, which lead nowhere (RFC 6147 §5.1.4): the same set when it has none of them; `out`
 * becomes NULL when no other is left. False without memory. */
bool hf_dns64_usable(const struct hf_rrset *aaaa, struct hf_arena *arena, const struct hf_rrset **out);
/* AAAA of ipv4only.arpa, by which hosts learn the prefix (RFC 7050, RFC 8880 §7.1). */
const struct hf_rrset *hf_dns64_ipv4only(const struct hf_prefix *prefix, uint32_t ttl, struct hf_arena *arena);

extern const uint8_t hf_dns64_ipv4only_name[];
