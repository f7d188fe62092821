// SPDX-License-Identifier: BSD-3-Clause
/* The OPT pseudo-RR (RFC 6891 §6.1), read. Pure; any thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire/message.h"

#define HF_EDNS_OPT_SIZE 11 /* octets of an OPT without options, its root owner included */
enum {
	HF_EDNS_OPTION_NSID = 3,       /* RFC 5001 */
	HF_EDNS_OPTION_SUBNET = 8,     /* RFC 7871 */
	HF_EDNS_OPTION_COOKIE = 10,    /* RFC 7873 */
	HF_EDNS_OPTION_KEEPALIVE = 11, /* RFC 7828 */
	HF_EDNS_OPTION_EDE = 15,       /* RFC 8914 */
};
#define HF_EDNS_OPTION_HEAD 4 /* code, length */

/* From the four fields behind OPT's type. False when version 0 has options that do not add up to
 * their length; other versions' options are not looked into (nobody knows their form). */
bool hf_edns_read(uint16_t class, uint32_t ttl, const uint8_t *options, uint16_t options_length, struct hf_edns *edns);

/* The data of the first option of a kind, its length in *length; NULL when there is none. */
const uint8_t *hf_edns_find(const struct hf_edns *edns, uint16_t code, uint16_t *length);

/* What a client's options ask for; of each kind the first counts (RFC 7873 §5.2). What we know nothing of, or do not do, is
 * ignored: padding answers padding only over encrypted transports (RFC 8467 §4.3). False for a cookie of a wrong length
 * (§5.2.2) and a malformed client subnet (RFC 7871 §6): FORMERR. */
bool hf_edns_read_options(const struct hf_edns *edns, struct hf_query_options *options);
