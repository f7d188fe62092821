// SPDX-License-Identifier: BSD-3-Clause
/* dataplane/io/frame.c: which frames are understood, and what a reply's headers look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "io/frame.h"

static const uint8_t macs[12] = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2};
static const uint8_t payload[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x00\x00\x01\x00\x01";
enum { PAYLOAD_SIZE = sizeof(payload) - 1 };

struct built {
	uint8_t bytes[256];
	size_t length;
	size_t ip; /* offset */
};

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* A query from 192.0.2.1 or 2001:db8::1, port 4000, to .53, port 53, behind `tags` VLAN tags. */
static struct built build(int version, int tags)
{
	struct built b = {0};
	uint8_t *at = b.bytes + 12;

	memcpy(b.bytes, macs, sizeof(macs));
	for (int i = 0; i < tags; i++, at += 4) {
		put16(at, i == 0 && tags == 2 ? 0x88a8 : 0x8100);
		put16(at + 2, 100 + (unsigned)i);
	}
	put16(at, version == 4 ? 0x0800 : 0x86dd);
	at += 2;
	b.ip = (size_t)(at - b.bytes);
	if (version == 4) {
		at[0] = 0x45;
		put16(at + 2, 28 + PAYLOAD_SIZE);
		at[8] = 61;
		at[9] = 17;
		memcpy(at + 12, "\xc0\x00\x02\x01\xc0\x00\x02\x35", 8);
		at += 20;
	} else {
		at[0] = 0x60;
		put16(at + 4, 8 + PAYLOAD_SIZE);
		at[6] = 17;
		at[7] = 61;
		memcpy(at + 8, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
		memcpy(at + 24, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x35", 16);
		at += 40;
	}
	put16(at, 4000);
	put16(at + 2, 53);
	put16(at + 4, 8 + PAYLOAD_SIZE);
	memcpy(at + 8, payload, PAYLOAD_SIZE);
	b.length = (size_t)(at + 8 - b.bytes) + PAYLOAD_SIZE;
	return b;
}

/* The receiver's side of RFC 1071, written the slow and obvious way. */
static unsigned ones_complement(const uint8_t *bytes, size_t length, unsigned sum)
{
	for (size_t i = 0; i < length; i += 2)
		sum += (unsigned)bytes[i] << 8 | (i + 1 < length ? bytes[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void assert_checksums_hold(const struct built *b, int version, size_t length)
{
	const uint8_t *ip = b->bytes + b->ip, *udp = ip + (version == 4 ? 20 : 40);
	size_t udp_length = length - (size_t)(udp - b->bytes);
	unsigned pseudo = version == 4 ? ones_complement(ip + 12, 8, 0) : ones_complement(ip + 8, 32, 0);

	if (version == 4)
		assert_int_equal(ones_complement(ip, 20, 0), 0xffff);
	assert_int_equal(ones_complement(udp, udp_length, pseudo + 17 + (unsigned)udp_length), 0xffff);
	assert_true(udp[6] != 0 || udp[7] != 0);
}

static void understands_both_ip_versions_behind_up_to_two_vlan_tags(void **state)
{
	(void)state;
	for (int version = 4; version <= 6; version += 2) {
		for (int tags = 0; tags <= 2; tags++) {
			struct built b = build(version, tags);
			struct hf_frame frame;

			assert_int_equal(hf_frame_parse(b.bytes, b.length, &frame), HF_FRAME_OK);
			assert_int_equal(frame.layout.network_offset, 14 + 4 * tags);
			assert_int_equal(frame.payload_length, PAYLOAD_SIZE);
			assert_int_equal(frame.client.family, version);
			assert_int_equal(frame.client.port, 4000);
			assert_int_equal(frame.service.port, 53);
			assert_int_equal(frame.client.bytes[version == 4 ? 3 : 15], 1);
			assert_int_equal(frame.service.bytes[version == 4 ? 3 : 15], 0x35);
		}
	}
}

static void a_reply_has_swapped_addresses_and_valid_checksums_at_every_length(void **state)
{
	(void)state;
	for (int version = 4; version <= 6; version += 2) {
		for (size_t length = PAYLOAD_SIZE; length < 100; length++) {
			struct built b = build(version, 1), query = b;
			struct hf_frame frame;
			uint8_t *ip = b.bytes + b.ip;
			size_t width = version == 4 ? 4 : 16, source = version == 4 ? 12 : 8, total;

			assert_int_equal(hf_frame_parse(b.bytes, b.length, &frame), HF_FRAME_OK);
			for (size_t i = 0; i < length; i++)
				b.bytes[frame.layout.payload_offset + i] = (uint8_t)(i * 37 + length);
			total = hf_frame_reply(b.bytes, &frame.layout, length);
			assert_int_equal(total, frame.layout.payload_offset + length);
			assert_memory_equal(b.bytes, macs + 6, 6);
			assert_memory_equal(b.bytes + 6, macs, 6);
			assert_memory_equal(ip + source, query.bytes + b.ip + source + width, width);
			assert_memory_equal(ip + source + width, query.bytes + b.ip + source, width);
			assert_checksums_hold(&b, version, total);
			/* What we send, we can read. */
			assert_int_equal(hf_frame_parse(b.bytes, total, &frame), HF_FRAME_OK);
			assert_int_equal(frame.client.port, 53);
			assert_int_equal(frame.payload_length, length);
		}
	}
}

static void padding_behind_the_packet_is_not_payload(void **state)
{
	struct built b = build(4, 0);
	struct hf_frame frame;

	(void)state;
	assert_int_equal(hf_frame_parse(b.bytes, b.length + 7, &frame), HF_FRAME_OK);
	assert_int_equal(frame.payload_length, PAYLOAD_SIZE);
}

static void every_truncation_is_refused_without_reading_behind_the_end(void **state)
{
	(void)state;
	for (int version = 4; version <= 6; version += 2) {
		struct built b = build(version, 2);

		for (size_t length = 0; length < b.length; length++) {
			uint8_t *exact = malloc(length + !length);
			struct hf_frame frame;

			assert_non_null(exact);
			memcpy(exact, b.bytes, length);
			assert_int_not_equal(hf_frame_parse(exact, length, &frame), HF_FRAME_OK);
			free(exact);
		}
	}
}

struct change {
	const char *what;
	int version;
	size_t at; /* from the IP header */
	uint8_t value;
	enum hf_frame_verdict verdict;
};

static void refuses_what_it_does_not_speak(void **state)
{
	static const struct change changes[] = {
		{"IPv4 options", 4, 0, 0x46, HF_FRAME_UNSUPPORTED},
		{"IPv4 more fragments", 4, 6, 0x20, HF_FRAME_UNSUPPORTED},
		{"IPv4 fragment offset", 4, 7, 0x01, HF_FRAME_UNSUPPORTED},
		{"IPv4 TCP", 4, 9, 6, HF_FRAME_UNSUPPORTED},
		{"IPv4 multicast", 4, 16, 224, HF_FRAME_DESTINATION},
		{"IPv4 broadcast", 4, 16, 255, HF_FRAME_DESTINATION},
		{"IPv4 total length beyond the frame", 4, 3, 0xff, HF_FRAME_TRUNCATED},
		{"IPv4 total length inside the header", 4, 3, 10, HF_FRAME_TRUNCATED},
		{"IPv6 version", 6, 0, 0x40, HF_FRAME_UNSUPPORTED},
		{"IPv6 hop-by-hop options", 6, 6, 0, HF_FRAME_UNSUPPORTED},
		{"IPv6 fragment header", 6, 6, 44, HF_FRAME_UNSUPPORTED},
		{"IPv6 multicast", 6, 24, 0xff, HF_FRAME_DESTINATION},
		{"IPv6 payload length beyond the frame", 6, 5, 0xff, HF_FRAME_TRUNCATED},
		{"UDP length below its header", 4, 25, 7, HF_FRAME_TRUNCATED},
		{"UDP length beyond the packet", 4, 25, 0x80, HF_FRAME_TRUNCATED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct built b = build(changes[i].version, 0);
		struct hf_frame frame;

		b.bytes[b.ip + changes[i].at] = changes[i].value;
		if (hf_frame_parse(b.bytes, b.length, &frame) != changes[i].verdict)
			fail_msg("%s: verdict %d", changes[i].what, hf_frame_parse(b.bytes, b.length, &frame));
	}
}

static void refuses_other_ethertypes_and_group_addresses(void **state)
{
	struct built b = build(4, 0);
	struct hf_frame frame;

	(void)state;
	put16(b.bytes + 12, 0x0806);
	assert_int_equal(hf_frame_parse(b.bytes, b.length, &frame), HF_FRAME_UNSUPPORTED);
	b = build(4, 0);
	b.bytes[0] = 0x01;
	assert_int_equal(hf_frame_parse(b.bytes, b.length, &frame), HF_FRAME_DESTINATION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understands_both_ip_versions_behind_up_to_two_vlan_tags),
		cmocka_unit_test(a_reply_has_swapped_addresses_and_valid_checksums_at_every_length),
		cmocka_unit_test(padding_behind_the_packet_is_not_payload),
		cmocka_unit_test(every_truncation_is_refused_without_reading_behind_the_end),
		cmocka_unit_test(refuses_what_it_does_not_speak),
		cmocka_unit_test(refuses_other_ethertypes_and_group_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
