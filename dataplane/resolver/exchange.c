// SPDX-License-Identifier: BSD-3-Clause
/* Queries to servers and the matching of replies; see exchange.h. */
#include "resolver/exchange.h"
#include <string.h>

static void mix_case(uint8_t *name, const struct hf_random *random)
{
	uint8_t bits[HF_NAME_MAX / 8 + 1];
	unsigned at = 0;

	random->fill(random->state, bits, sizeof(bits));
	for (uint8_t *label = name; *label; label += *label + 1)
		for (uint8_t *c = label + 1; c <= label + *label; c++) {
			if (*c >= 'a' && *c <= 'z' && (bits[at / 8] >> at % 8 & 1))
				*c -= 'a' - 'A';
			at++;
		}
}

bool hf_exchange_write(struct hf_exchange *exchange, const struct hf_exchange_query *query,
		       const struct hf_random *random)
{
	random->fill(random->state, &exchange->query_id, sizeof(exchange->query_id));
	hf_name_lower(query->name, exchange->qname);
	if (query->mixed_case)
		mix_case(exchange->qname, random);
	exchange->mixed_case = query->mixed_case;
	exchange->edns = query->edns_size > 0;
	exchange->qtype = query->qtype;
	exchange->qclass = query->qclass;
	exchange->length = (uint16_t)hf_query_write(exchange->message, sizeof(exchange->message) - HF_COOKIE_OPTION_MAX,
						    exchange->query_id,
						    query->recursion_desired ? HF_FLAG_RD : 0, exchange->qname,
						    query->qtype, query->qclass, query->edns_size, true);
	exchange->cookie = query->cookie && exchange->edns && exchange->length;
	if (exchange->cookie) {
		memcpy(exchange->client_cookie, query->cookie->client, sizeof(exchange->client_cookie));
		exchange->length = (uint16_t)hf_cookie_append(exchange->message, exchange->length, query->cookie);
	}
	return exchange->length > 0;
}

static uint16_t u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

enum hf_match hf_exchange_match(const struct hf_exchange *exchange, const struct hf_address *from,
				const uint8_t *message, size_t length)
{
	uint8_t qname[HF_NAME_MAX];
	size_t offset = HF_HEADER_SIZE, name_length;
	uint16_t flags;

	if (length < HF_HEADER_SIZE || !hf_address_equal(from, &exchange->server) ||
	    u16(message) != exchange->query_id)
		return HF_MATCH_OTHER;
	flags = u16(message + 2);
	if (!(flags & HF_FLAG_QR) || (flags & HF_OPCODE_MASK))
		return HF_MATCH_OTHER;
	if (u16(message + 4) == 0) {
		/* Old servers answer what they do not understand with a bare header. That may say "error", nothing else. */
		unsigned rcode = flags & HF_RCODE_MASK;
		bool bare_error = rcode != HF_RCODE_NOERROR && rcode != HF_RCODE_NXDOMAIN && u16(message + 6) == 0;

		return bare_error ? HF_MATCH_OK : HF_MATCH_OTHER;
	}
	name_length = hf_name_parse(message, length, &offset, qname);
	if (u16(message + 4) != 1 || !name_length || length - offset < 4 ||
	    u16(message + offset) != exchange->qtype || u16(message + offset + 2) != exchange->qclass ||
	    !hf_name_equal(qname, exchange->qname))
		return HF_MATCH_OTHER;
	if (exchange->mixed_case && memcmp(qname, exchange->qname, name_length) != 0)
		return HF_MATCH_CASE;
	return HF_MATCH_OK;
}
