// SPDX-License-Identifier: BSD-3-Clause
/* Ethernet frames that carry a DNS query over UDP, and the same frames turned into replies.
 *
 * Wire layout understood: Ethernet II, up to two VLAN tags (802.1Q, 802.1ad), IPv4 without options and not a fragment (RFC 791), or IPv6
 * without extension headers (RFC 8200), UDP (RFC 768). Pure functions without DPDK; any thread.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"

#define HF_FRAME_HEADERS_MAX (14 + 2 * 4 + 40 + 8)

/* Where the headers stand: all that is needed to answer later, beside their octets. */
struct hf_frame_layout {
	uint8_t network_offset;	  /* of the IPv4 or IPv6 header: 14, 18 or 22 */
	uint8_t transport_offset; /* of the UDP header */
	uint8_t payload_offset;	  /* of the DNS message; also the length of all headers */
	uint8_t ip_version;	  /* 4 or 6 */
};

struct hf_frame {
	struct hf_frame_layout layout;
	uint16_t payload_length;   /* by the UDP header */
	struct hf_address client;  /* source */
	struct hf_address service; /* destination */
};

enum hf_frame_verdict {
	HF_FRAME_OK = 0,
	HF_FRAME_UNSUPPORTED, /* another protocol, options, extension headers, a fragment */
	HF_FRAME_TRUNCATED,   /* a header or the payload reaches beyond the frame */
	HF_FRAME_DESTINATION, /* multicast or broadcast, which is never answered */
};

/* Reads the headers. UDP checksums are not verified: frames of local senders carry partial ones. */
enum hf_frame_verdict hf_frame_parse(const uint8_t *bytes, size_t length, struct hf_frame *frame);

/* Turns the query's headers at `bytes` (payload_offset octets, then room for the reply, already written) into the reply's: addresses and ports
 * swapped, hop limit 64, lengths and both checksums set (UDP's over IPv4 too). Returns the frame's length. */
size_t hf_frame_reply(uint8_t *bytes, const struct hf_frame_layout *layout, size_t payload_length);
