// SPDX-License-Identifier: BSD-3-Clause
/* Reading OPT. */
#include "wire/edns.h"
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
