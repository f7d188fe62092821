// SPDX-License-Identifier: BSD-3-Clause
/* Reading a query's frame and turning it into the reply's, header by header. */
#include "io/frame.h"

#include <string.h>

enum {
	ETHERNET_SIZE = 14, VLAN_TAG_SIZE = 4, IPV4_SIZE = 20, IPV6_SIZE = 40, UDP_SIZE = 8,
	ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd, ETHERTYPE_8021Q = 0x8100, ETHERTYPE_8021AD = 0x88a8,
	PROTOCOL_UDP = 17,
	REPLY_HOP_LIMIT = 64,
};

static uint16_t load16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void store16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static bool ipv4_parse(const uint8_t *ip, struct hf_frame *frame, size_t *ip_length)
{
	*ip_length = load16(ip + 2);
	/* 0x45: version 4, no options. 0x3fff: MF and the fragment offset. */
	if (ip[0] != 0x45 || ip[9] != PROTOCOL_UDP || (load16(ip + 6) & 0x3fff) != 0)
		return false;
	frame->client.family = frame->service.family = 4;
	memcpy(frame->client.bytes, ip + 12, 4);
	memcpy(frame->service.bytes, ip + 16, 4);
	frame->layout.transport_offset = (uint8_t)(frame->layout.network_offset + IPV4_SIZE);
	return true;
}

static bool ipv6_parse(const uint8_t *ip, struct hf_frame *frame, size_t *ip_length)
{
	*ip_length = IPV6_SIZE + load16(ip + 4);
	if (ip[0] >> 4 != 6 || ip[6] != PROTOCOL_UDP)
		return false;
	frame->client.family = frame->service.family = 6;
	memcpy(frame->client.bytes, ip + 8, 16);
	memcpy(frame->service.bytes, ip + 24, 16);
	frame->layout.transport_offset = (uint8_t)(frame->layout.network_offset + IPV6_SIZE);
	return true;
}

enum hf_frame_verdict hf_frame_parse(const uint8_t *bytes, size_t length, struct hf_frame *frame)
{
	size_t offset = ETHERNET_SIZE, ip_length, udp_length;
	uint16_t ethertype;

	memset(frame, 0, sizeof(*frame));
	if (length < ETHERNET_SIZE)
		return HF_FRAME_TRUNCATED;
	if (bytes[0] & 1) /* group bit */
		return HF_FRAME_DESTINATION;
	ethertype = load16(bytes + 12);
	for (int tags = 0; tags < 2 && (ethertype == ETHERTYPE_8021Q || ethertype == ETHERTYPE_8021AD); tags++) {
		if (length < offset + VLAN_TAG_SIZE)
			return HF_FRAME_TRUNCATED;
		ethertype = load16(bytes + offset + 2);
		offset += VLAN_TAG_SIZE;
	}
	frame->layout.network_offset = (uint8_t)offset;
	if (ethertype == ETHERTYPE_IPV4) {
		if (length < offset + IPV4_SIZE)
			return HF_FRAME_TRUNCATED;
		frame->layout.ip_version = 4;
		if (!ipv4_parse(bytes + offset, frame, &ip_length))
			return HF_FRAME_UNSUPPORTED;
		if (frame->service.bytes[0] >= 224) /* class D and above, limited broadcast among them */
			return HF_FRAME_DESTINATION;
	} else if (ethertype == ETHERTYPE_IPV6) {
		if (length < offset + IPV6_SIZE)
			return HF_FRAME_TRUNCATED;
		frame->layout.ip_version = 6;
		if (!ipv6_parse(bytes + offset, frame, &ip_length))
			return HF_FRAME_UNSUPPORTED;
		if (frame->service.bytes[0] == 0xff)
			return HF_FRAME_DESTINATION;
	} else {
		return HF_FRAME_UNSUPPORTED;
	}
	/* Padding behind the IP packet (60-octet minimum frames) is no part of it. */
	if (offset + ip_length > length || (size_t)frame->layout.transport_offset + UDP_SIZE > offset + ip_length)
		return HF_FRAME_TRUNCATED;
	udp_length = load16(bytes + frame->layout.transport_offset + 4);
	if (udp_length < UDP_SIZE || frame->layout.transport_offset + udp_length > offset + ip_length)
		return HF_FRAME_TRUNCATED;
	frame->client.port = load16(bytes + frame->layout.transport_offset);
	frame->service.port = load16(bytes + frame->layout.transport_offset + 2);
	frame->layout.payload_offset = (uint8_t)(frame->layout.transport_offset + UDP_SIZE);
	frame->payload_length = (uint16_t)(udp_length - UDP_SIZE);
	return HF_FRAME_OK;
}

/* Ones' complement sum of 16-bit words as they lie in memory (RFC 1071 §2: byte order does not matter to it), eight octets a step. */
static uint64_t sum_words(const uint8_t *bytes, size_t length, uint64_t sum)
{
	while (length >= 8) {
		uint64_t word;

		memcpy(&word, bytes, 8);
		sum += word & 0xffffffff;
		sum += word >> 32;
		bytes += 8;
		length -= 8;
	}
	while (length >= 2) {
		uint16_t word;

		memcpy(&word, bytes, 2);
		sum += word;
		bytes += 2;
		length -= 2;
	}
	if (length != 0) {
		uint16_t word = 0;

		memcpy(&word, bytes, 1);
		sum += word;
	}
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void swap_bytes(uint8_t *a, uint8_t *b, size_t length)
{
	uint8_t held[16];

	memcpy(held, a, length);
	memcpy(a, b, length);
	memcpy(b, held, length);
}

size_t hf_frame_reply(uint8_t *bytes, const struct hf_frame_layout *layout, size_t payload_length)
{
	uint8_t *ip = bytes + layout->network_offset;
	uint8_t *udp = bytes + layout->transport_offset;
	size_t udp_length = UDP_SIZE + payload_length;
	uint8_t pseudo[4] = {0, PROTOCOL_UDP};
	uint64_t sum;
	uint16_t checksum;

	swap_bytes(bytes, bytes + 6, 6);
	swap_bytes(udp, udp + 2, 2);
	store16(udp + 4, (uint16_t)udp_length);
	store16(pseudo + 2, (uint16_t)udp_length);
	memset(udp + 6, 0, 2);
	if (layout->ip_version == 4) {
		ip[1] = 0; /* the client's DSCP and ECN marks speak of its packet, not of ours */
		swap_bytes(ip + 12, ip + 16, 4);
		store16(ip + 2, (uint16_t)(IPV4_SIZE + udp_length));
		store16(ip + 6, 0x4000); /* DF: a reply is never to be fragmented (RFC 9715 §3.1) */
		ip[8] = REPLY_HOP_LIMIT;
		memset(ip + 10, 0, 2);
		checksum = fold(sum_words(ip, IPV4_SIZE, 0));
		memcpy(ip + 10, &checksum, 2);
		sum = sum_words(ip + 12, 8, 0);
	} else {
		memcpy(ip, "\x60\0\0", 4); /* traffic class and flow label of our own: none */
		swap_bytes(ip + 8, ip + 24, 16);
		store16(ip + 4, (uint16_t)udp_length);
		ip[7] = REPLY_HOP_LIMIT;
		sum = sum_words(ip + 8, 32, 0);
	}
	sum = sum_words(pseudo, sizeof(pseudo), sum);
	checksum = fold(sum_words(udp, udp_length, sum));
	if (checksum == 0) /* 0 says "no checksum" (RFC 768), which IPv6 forbids (RFC 8200 §8.1) */
		checksum = 0xffff;
	memcpy(udp + 6, &checksum, 2);
	return layout->transport_offset + udp_length;
}
