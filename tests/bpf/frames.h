// SPDX-License-Identifier: BSD-3-Clause
/* Frames for the tests of the fast path: queries built from a description, replies taken apart and checked.
 * Nothing here shares code with what it tests: checksums are computed the plain way.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 3400 /* what one page of XDP buffer takes */

extern const uint8_t frame_host_mac[6], frame_client_mac[6];

/* The host's service address is 192.0.2.53 / 2001:db8::53, port 53 (tests may serve more); the client is 192.0.2.99 / 2001:db8::99. */
#define FRAME_SERVICE4 "192.0.2.53"
#define FRAME_SERVICE6 "2001:db8::53"
#define FRAME_CLIENT4 "192.0.2.99"
#define FRAME_CLIENT6 "2001:db8::99"

/* One query. Zero means the usual: see the comments. */
struct frame_query {
	const char *name;	 /* presentation form, case kept */
	uint16_t type;		 /* 0: A */
	uint16_t class;		 /* 0: IN */
	uint16_t flags;		 /* header flags in host order; RD is set unless no_rd */
	bool no_rd;
	uint16_t edns;		 /* UDP size of an OPT without options; 0: none */
	bool dnssec_ok;
	bool v6;
	unsigned vlans;		 /* tags: 1: 802.1Q; 2: 802.1AD and 802.1Q */
	uint16_t source_port;	 /* 0: 40000 */
	uint16_t port;		 /* 0: 53 */
	uint16_t id;		 /* 0: 0x1234 */
	const char *source, *destination; /* NULL: client and service */
	unsigned padding;	 /* octets behind the IP packet */
};

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t length;
	size_t l3, udp, dns; /* offsets */
	bool v6;
};

void frame_build(struct frame *frame, const struct frame_query *query);

/* Finds the layers of a frame and checks all that must hold in anything we send: lengths agree and end with the frame, IPv4 header and UDP
 * checksums are right (a UDP checksum is there). False with the reason. */
bool frame_check(struct frame *frame, const char **fault);

/* Whether `reply` goes back the way that `query` came: MAC, VLAN tags, IP, ports. */
bool frame_is_turned(const struct frame *query, const struct frame *reply);
