// SPDX-License-Identifier: BSD-3-Clause
/* Building and checking frames. */
#include "frames.h"
#include <arpa/inet.h>
#include <assert.h>
#include <string.h>
#include "wire/name.h"

const uint8_t frame_host_mac[6] = {0x02, 0, 0, 0, 0, 0x53}, frame_client_mac[6] = {0x02, 0, 0, 0, 0, 0x99};

enum { QR = 0x8000, RD = 0x0100 };

static void put8(struct frame *frame, uint8_t value)
{
	assert(frame->length < FRAME_MAX);
	frame->bytes[frame->length++] = value;
}

static void put16(struct frame *frame, uint16_t value)
{
	put8(frame, value >> 8);
	put8(frame, value & 0xff);
}

static void put(struct frame *frame, const void *bytes, size_t length)
{
	assert(frame->length + length <= FRAME_MAX);
	memcpy(frame->bytes + frame->length, bytes, length);
	frame->length += length;
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t sum(uint32_t start, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		start += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return start;
}

static uint32_t udp_sum(const struct frame *frame, size_t udp_length)
{
	size_t addresses = frame->l3 + (frame->v6 ? 8 : 12);
	uint32_t total = sum(17 + (uint32_t)udp_length, frame->bytes + addresses, frame->v6 ? 32 : 8);

	return sum(total, frame->bytes + frame->udp, udp_length);
}

void frame_build(struct frame *frame, const struct frame_query *query)
{
	uint8_t source[16], destination[16], name[HF_NAME_MAX];
	int family = query->v6 ? AF_INET6 : AF_INET;
	size_t address_length = query->v6 ? 16 : 4, name_length, udp_length;
	uint16_t check;

	memset(frame, 0, sizeof(*frame));
	frame->v6 = query->v6;
	assert(inet_pton(family, query->source ? query->source : query->v6 ? FRAME_CLIENT6 : FRAME_CLIENT4, source) == 1);
	assert(inet_pton(family, query->destination ? query->destination : query->v6 ? FRAME_SERVICE6 : FRAME_SERVICE4,
			 destination) == 1);
	name_length = hf_name_from_text(query->name, name);
	assert(name_length);
	udp_length = 8 + 12 + name_length + 4 + (query->edns ? 11 : 0);

	put(frame, frame_host_mac, 6);
	put(frame, frame_client_mac, 6);
	for (unsigned i = query->vlans; i > 0; i--) {
		put16(frame, i == 2 ? 0x88a8 : 0x8100);
		put16(frame, (uint16_t)(0x2000 | i));
	}
	put16(frame, query->v6 ? 0x86dd : 0x0800);
	frame->l3 = frame->length;
	if (query->v6) {
		put16(frame, 0x6001); /* with a traffic class and flow label, which are not ours to send back */
		put16(frame, 0x2345);
		put16(frame, (uint16_t)udp_length);
		put8(frame, 17);
		put8(frame, 57);
	} else {
		put16(frame, 0x4500);
		put16(frame, (uint16_t)(20 + udp_length));
		put16(frame, 0x4242);
		put16(frame, 0x4000);
		put8(frame, 57);
		put8(frame, 17);
		put16(frame, 0);
	}
	put(frame, source, address_length);
	put(frame, destination, address_length);
	if (!query->v6) {
		check = (uint16_t)~sum(0, frame->bytes + frame->l3, 20);
		frame->bytes[frame->l3 + 10] = check >> 8;
		frame->bytes[frame->l3 + 11] = check & 0xff;
	}
	frame->udp = frame->length;
	put16(frame, query->source_port ? query->source_port : 40000);
	put16(frame, query->port ? query->port : 53);
	put16(frame, (uint16_t)udp_length);
	put16(frame, 0);
	frame->dns = frame->length;
	put16(frame, query->id ? query->id : 0x1234);
	put16(frame, query->flags | (query->no_rd ? 0 : RD));
	put16(frame, 1);
	put16(frame, 0);
	put16(frame, 0);
	put16(frame, query->edns ? 1 : 0);
	put(frame, name, name_length);
	put16(frame, query->type ? query->type : 1);
	put16(frame, query->class ? query->class : 1);
	if (query->edns) {
		put8(frame, 0);
		put16(frame, 41);
		put16(frame, query->edns);
		put16(frame, 0);
		put16(frame, query->dnssec_ok ? 0x8000 : 0);
		put16(frame, 0);
	}
	check = (uint16_t)~udp_sum(frame, udp_length);
	frame->bytes[frame->udp + 6] = check >> 8;
	frame->bytes[frame->udp + 7] = check & 0xff;
	for (unsigned i = 0; i < query->padding; i++)
		put8(frame, 0xa5);
}

bool frame_check(struct frame *frame, const char **fault)
{
	size_t at = 12, udp_length;
	const uint8_t *bytes = frame->bytes;

	*fault = "too short for its headers";
	if (frame->length < 42)
		return false;
	while (get16(bytes + at) == 0x8100 || get16(bytes + at) == 0x88a8)
		at += 4;
	frame->l3 = at + 2;
	frame->v6 = get16(bytes + at) == 0x86dd;
	frame->udp = frame->l3 + (frame->v6 ? 40 : 20);
	frame->dns = frame->udp + 8;
	if (frame->length < frame->dns + 12)
		return false;
	udp_length = get16(bytes + frame->udp + 4);
	*fault = "UDP length does not end with the frame";
	if (frame->udp + udp_length != frame->length)
		return false;
	if (frame->v6) {
		*fault = "IPv6 header";
		if (bytes[frame->l3] >> 4 != 6 || get16(bytes + frame->l3 + 4) != udp_length ||
		    bytes[frame->l3 + 6] != 17 || bytes[frame->l3 + 7] == 0)
			return false;
	} else {
		*fault = "IPv4 header";
		if (bytes[frame->l3] != 0x45 || get16(bytes + frame->l3 + 2) != 20 + udp_length ||
		    bytes[frame->l3 + 9] != 17 || bytes[frame->l3 + 8] == 0)
			return false;
		*fault = "IPv4 header checksum";
		if (sum(0, bytes + frame->l3, 20) != 0xffff)
			return false;
	}
	*fault = "UDP checksum is missing";
	if (get16(bytes + frame->udp + 6) == 0)
		return false;
	*fault = "UDP checksum";
	return udp_sum(frame, udp_length) == 0xffff;
}

bool frame_is_turned(const struct frame *query, const struct frame *reply)
{
	const uint8_t *q = query->bytes, *r = reply->bytes;
	size_t source = query->l3 + (query->v6 ? 8 : 12), length = query->v6 ? 16 : 4;

	return memcmp(q, r + 6, 6) == 0 && memcmp(q + 6, r, 6) == 0 &&
	       query->l3 == reply->l3 && memcmp(q + 12, r + 12, query->l3 - 12) == 0 &&
	       memcmp(q + source, r + source + length, length) == 0 &&
	       memcmp(q + source + length, r + source, length) == 0 &&
	       memcmp(q + query->udp, r + reply->udp + 2, 2) == 0 && memcmp(q + query->udp + 2, r + reply->udp, 2) == 0;
}
