// SPDX-License-Identifier: BSD-3-Clause
/* Reading OPT. */
#include "wire/edns.h"
#include <string.h>
#include "wire/octets.h"

static bool options_well_formed(const uint8_t *options, size_t left)
{
	while (left > 0) {
		size_t size;

		if (left < 4)
			return false;
		size = 4u + hf_octets_u16(options + 2);
		if (size > left)
			return false;
		options += size;
		left -= size;
	}
	return true;
}

bool hf_edns_read(uint16_t class, uint32_t ttl, const uint8_t *options, uint16_t options_length, struct hf_edns *edns)
{
	edns->present = true;
	edns->udp_size = class < HF_UDP_PLAIN_MAX ? HF_UDP_PLAIN_MAX : class; /* RFC 6891 §6.2.3 */
	edns->extended_rcode = (uint8_t)(ttl >> 24);
	edns->version = (uint8_t)(ttl >> 16);
	edns->dnssec_ok = ttl & 0x8000; /* all other flag bits are ignored (§6.1.4) */
	edns->options = options;
	edns->options_length = options_length;
	return edns->version != 0 || options_well_formed(options, options_length);
}

const uint8_t *hf_edns_find(const struct hf_edns *edns, uint16_t code, uint16_t *length)
{
	for (unsigned at = 0; at < edns->options_length;) {
		const uint8_t *option = edns->options + at;

		*length = hf_octets_u16(option + 2);
		if (hf_octets_u16(option) == code)
			return option + HF_EDNS_OPTION_HEAD;
		at += HF_EDNS_OPTION_HEAD + *length;
	}
	return NULL;
}

/* Family (2), source prefix length, scope prefix length, as many octets of the address as the prefix needs, the bits
 * behind it 0 (RFC 7871 §6). Of families that we do not know the lengths are not known either. */
static bool subnet_well_formed(const uint8_t *data, uint16_t length)
{
	uint16_t family;
	unsigned bits, octets;

	if (length < 4 || data[3] != 0) /* a query has no scope */
		return false;
	family = hf_octets_u16(data);
	if (family != 1 && family != 2)
		return true;
	bits = data[2];
	octets = (bits + 7) / 8;
	return bits <= (family == 1 ? 32 : 128) && length == 4 + octets &&
	       (bits % 8 == 0 || !(data[3 + octets] & 0xff >> bits % 8));
}

bool hf_edns_read_options(const struct hf_edns *edns, struct hf_query_options *options)
{
	for (unsigned at = 0; at < edns->options_length;) {
		const uint8_t *option = edns->options + at, *data = option + HF_EDNS_OPTION_HEAD;
		uint16_t length = hf_octets_u16(option + 2);

		switch (hf_octets_u16(option)) {
		case HF_EDNS_OPTION_NSID: /* a query's should be empty (RFC 5001 §2.1) and is not looked into */
			options->asked |= HF_ASKED_NSID;
			break;
		case HF_EDNS_OPTION_COOKIE:
			if (options->asked & HF_ASKED_COOKIE)
				break;
			if (!hf_cookie_length_valid(length))
				return false;
			options->asked |= HF_ASKED_COOKIE;
			options->cookie_length = (uint8_t)length;
			memcpy(options->cookie, data, length);
			break;
		case HF_EDNS_OPTION_KEEPALIVE:
			if (length == 0) /* only servers tell a time (RFC 7828 §3.2.1) */
				options->asked |= HF_ASKED_KEEPALIVE;
			break;
		case HF_EDNS_OPTION_SUBNET:
			if (!subnet_well_formed(data, length))
				return false;
			break;
		}
		at += HF_EDNS_OPTION_HEAD + length;
	}
	return true;
}
