// SPDX-License-Identifier: BSD-3-Clause
/* policy/dns64.c: addresses as RFC 6052 §2.4 has them, names and sets made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "policy/dns64.h"

static struct hf_prefix prefix_of(const char *text)
{
	struct hf_prefix prefix;

	assert_null(hf_prefix_from_text(text, &prefix));
	return prefix;
}

static void ipv4(const char *text, uint8_t out[4])
{
	assert_int_equal(inet_pton(AF_INET, text, out), 1);
}

/* RFC 6052 §2.4, tables 2 and 3. */
static void addresses_are_those_of_the_rfc(void **state)
{
	static const char *const rows[][2] = {
		{"2001:db8::/32", "2001:db8:c000:221::"},	{"2001:db8:100::/40", "2001:db8:1c0:2:21::"},
		{"2001:db8:122::/48", "2001:db8:122:c000:2:2100::"}, {"2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"},
		{"2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"},
		{"2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"}, {"64:ff9b::/96", "64:ff9b::192.0.2.33"},
	};
	uint8_t address[4], back[4], made[16], expected[16];

	(void)state;
	ipv4("192.0.2.33", address);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_prefix prefix = prefix_of(rows[i][0]);

		assert_null(hf_dns64_prefix_fault(&prefix));
		hf_dns64_embed(&prefix, address, made);
		assert_int_equal(inet_pton(AF_INET6, rows[i][1], expected), 1);
		assert_memory_equal(made, expected, 16);
		assert_true(hf_dns64_extract(&prefix, made, back));
		assert_memory_equal(back, address, 4);
		made[prefix.length / 8 - 1] ^= 1;
		assert_false(hf_dns64_extract(&prefix, made, back));
	}
}

static void other_prefixes_are_refused(void **state)
{
	static const char *const rows[] = {"192.0.2.0/24", "::/0", "2001:db8::/33", "2001:db8::/95", "2001:db8::/128",
					   "2001:db8:0:0:100::/96"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_prefix prefix = prefix_of(rows[i]);

		assert_non_null(hf_dns64_prefix_fault(&prefix));
	}
}

/* RFC 6052 §3.1. */
static void the_well_known_prefix_is_for_global_addresses(void **state)
{
	static const char *const local[] = {"0.1.2.3",	   "10.0.0.0",	  "10.255.255.255", "100.64.0.0",  "100.127.255.255", "127.0.0.1",
					    "169.254.1.1", "172.16.0.0",  "172.31.255.255", "192.0.0.170", "192.168.255.1",   "198.18.0.1",
					    "198.19.255.255", "224.0.0.1", "240.0.0.1",	    "255.255.255.255"},
				 *const global[] = {"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.0.1",
						    "172.32.0.0", "192.0.1.0", "192.0.2.1", "192.167.1.1", "198.17.255.255", "198.20.0.0",
						    "223.255.255.255"};
	struct hf_prefix well_known = prefix_of("64:ff9b::/96"), own = prefix_of("2001:db8:64::/96");
	uint8_t address[4];

	(void)state;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		ipv4(local[i], address);
		if (hf_dns64_may_embed(&well_known, address))
			fail_msg("%s", local[i]);
		assert_true(hf_dns64_may_embed(&own, address));
	}
	for (size_t i = 0; i < sizeof(global) / sizeof(global[0]); i++) {
		ipv4(global[i], address);
		if (!hf_dns64_may_embed(&well_known, address))
			fail_msg("%s", global[i]);
	}
}

static void reverse_names_lead_to_in_addr_arpa(void **state)
{
#define ZEROS_16 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	static const char *const rows[][3] = {
		{"64:ff9b::/96", "1.2.2.0.0.0.0.c." ZEROS_16 "b.9.f.f.4.6.0.0.ip6.arpa.", "33.2.0.192.in-addr.arpa."},
		{"64:ff9b::/96", "F.F.2.0.0.0.0.C." ZEROS_16 "B.9.F.F.4.6.0.0.IP6.ARPA.", "255.2.0.192.in-addr.arpa."},
		{"2001:db8:122::/48", "0.0.0.0.0.0.0.0.0.0.1.2.2.0.0.0.0.0.0.c.2.2.1.0.8.b.d.0.1.0.0.2.ip6.arpa.",
		 "33.2.0.192.in-addr.arpa."},
		/* Other prefixes, shorter and longer names, other zones, what is no nibble. */
		{"64:ff9b::/96", "1.2.2.0.0.0.0.c." ZEROS_16 "a.9.f.f.4.6.0.0.ip6.arpa.", NULL},
		{"64:ff9b::/96", ZEROS_16 "b.9.f.f.4.6.0.0.ip6.arpa.", NULL},
		{"64:ff9b::/96", "b.9.f.f.4.6.0.0.ip6.arpa.", NULL},
		{"64:ff9b::/96", "1.1.2.2.0.0.0.0.c." ZEROS_16 "b.9.f.f.4.6.0.0.ip6.arpa.", NULL},
		{"64:ff9b::/96", "1.2.2.0.0.0.0.c." ZEROS_16 "b.9.f.f.4.6.0.0.ip6.int.", NULL},
		{"64:ff9b::/96", "g.2.2.0.0.0.0.c." ZEROS_16 "b.9.f.f.4.6.0.0.ip6.arpa.", NULL},
		{"64:ff9b::/96", "11.2.2.0.0.0.0.c." ZEROS_16 "b.9.f.f.4.6.0.0.ip6.arpa.", NULL},
		{"64:ff9b::/96", ".", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_prefix prefix = prefix_of(rows[i][0]);
		uint8_t name[HF_NAME_MAX], out[HF_NAME_MAX];
		char text[HF_NAME_TEXT_MAX];

		assert_true(hf_name_from_text(rows[i][1], name) > 0);
		if (hf_dns64_reverse(&prefix, name, out) != (rows[i][2] != NULL))
			fail_msg("%s", rows[i][1]);
		if (rows[i][2])
			assert_string_equal(hf_name_to_text(out, text), rows[i][2]);
	}
}

static void numbers_stay(void **state)
{
	struct hf_dns64_table table = {0};
	struct hf_prefix prefix = prefix_of("2001:db8:64::/96");

	(void)state;
	for (unsigned i = 1; i <= HF_DNS64_PREFIXES_MAX; i++) {
		prefix.bytes[5] = (uint8_t)i;
		assert_int_equal(hf_dns64_number(&table, &prefix), i);
	}
	for (unsigned i = 1; i <= HF_DNS64_PREFIXES_MAX; i++) {
		prefix.bytes[5] = (uint8_t)i;
		assert_int_equal(hf_dns64_number(&table, &prefix), i);
		assert_true(hf_prefix_equal(hf_dns64_of_class(&table, (uint8_t)(i << HF_REPLY_DNS64_SHIFT | HF_REPLY_DO)), &prefix));
	}
	prefix.bytes[5] = 200;
	assert_int_equal(hf_dns64_number(&table, &prefix), 0);
	assert_null(hf_dns64_of_class(&table, HF_REPLY_DO | HF_REPLY_CD));
	table.count = 3;
	assert_null(hf_dns64_of_class(&table, 4 << HF_REPLY_DNS64_SHIFT));
}

/* RFC 6147 §5.5. */
static void what_is_synthesised_is_told_by_type_name_and_flags(void **state)
{
	struct hf_dns64_table table = {0};
	struct hf_prefix prefix = prefix_of("64:ff9b::/96");
	const unsigned number = hf_dns64_number(&table, &prefix), class = number << HF_REPLY_DNS64_SHIFT;
	uint8_t www[HF_NAME_MAX], inside[HF_NAME_MAX], outside[HF_NAME_MAX];

	(void)state;
	hf_name_from_text("www.example.", www);
	hf_name_from_text("1.2.2.0.0.0.0.c." ZEROS_16 "b.9.f.f.4.6.0.0.ip6.arpa.", inside);
	hf_name_from_text("1.2.2.0.0.0.0.c." ZEROS_16 "b.9.f.f.4.6.0.1.ip6.arpa.", outside);
	assert_int_equal(hf_dns64_class(&table, number, www, HF_TYPE_AAAA, 0), class);
	assert_int_equal(hf_dns64_class(&table, number, www, HF_TYPE_AAAA, HF_REPLY_DO), class);
	assert_int_equal(hf_dns64_class(&table, number, www, HF_TYPE_AAAA, HF_REPLY_CD), class);
	assert_int_equal(hf_dns64_class(&table, number, www, HF_TYPE_AAAA, HF_REPLY_DO | HF_REPLY_CD), 0);
	assert_int_equal(hf_dns64_class(&table, number, www, HF_TYPE_A, 0), 0);
	assert_int_equal(hf_dns64_class(&table, number, www, HF_TYPE_ANY, 0), 0);
	assert_int_equal(hf_dns64_class(&table, number, www, HF_TYPE_PTR, 0), 0);
	assert_int_equal(hf_dns64_class(&table, number, inside, HF_TYPE_PTR, 0), class);
	assert_int_equal(hf_dns64_class(&table, number, outside, HF_TYPE_PTR, 0), 0);
	assert_int_equal(hf_dns64_class(&table, number, inside, HF_TYPE_TXT, 0), 0);
}

static const struct hf_rrset *set_of(struct hf_arena *arena, uint16_t type, const char *const *addresses, uint16_t count,
				     uint16_t signatures)
{
	static uint8_t bytes[8][16];
	struct hf_rdata rdata[8];
	uint8_t owner[HF_NAME_MAX];

	hf_name_from_text("www.example.", owner);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(inet_pton(type == HF_TYPE_A ? AF_INET : AF_INET6, addresses[i], bytes[i]), 1);
		rdata[i] = (struct hf_rdata){.bytes = bytes[i], .length = type == HF_TYPE_A ? 4 : 16};
	}
	for (unsigned i = count; i < count + signatures; i++)
		rdata[i] = (struct hf_rdata){.bytes = (const uint8_t *)"signature", .length = 9};
	return hf_rrset_make(arena, owner, type, HF_CLASS_IN, 300, rdata, count, signatures);
}

static const struct hf_rrset *synthesised(const struct hf_prefix *prefix, const struct hf_rrset *a, uint32_t ttl,
					  struct hf_arena *arena)
{
	const struct hf_rrset *made;

	assert_true(hf_dns64_synthesise(prefix, a, ttl, arena, &made));
	return made;
}

static const struct hf_rrset *usable_of(const struct hf_rrset *aaaa, struct hf_arena *arena)
{
	const struct hf_rrset *usable;

	assert_true(hf_dns64_usable(aaaa, arena, &usable));
	return usable;
}

static void sets_are_made_of_what_may_be_embedded(void **state)
{
	static const char *const mixed[] = {"10.0.0.1", "192.0.2.1", "203.0.113.9"}, *const private[] = {"10.0.0.1"};
	struct hf_arena *arena = hf_arena_new(1 << 16);
	struct hf_prefix well_known = prefix_of("64:ff9b::/96");
	const struct hf_rrset *made = synthesised(&well_known, set_of(arena, HF_TYPE_A, mixed, 3, 1), 77, arena);
	struct hf_rdata rdata;

	(void)state;
	assert_non_null(made);
	assert_int_equal(made->type, HF_TYPE_AAAA);
	assert_int_equal(made->ttl, 77);
	assert_int_equal(made->count, 2);
	assert_int_equal(made->signature_count, 0);
	rdata = hf_rrset_first(made);
	assert_memory_equal(rdata.bytes, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0\300\0\2\1", 16);
	rdata = hf_rrset_next(made, rdata);
	assert_memory_equal(rdata.bytes + 12, "\313\0\161\11", 4);
	assert_null(synthesised(&well_known, set_of(arena, HF_TYPE_A, private, 1, 0), 77, arena));
	hf_arena_free(arena);
}

/* RFC 6147 §5.1.4. */
static void mapped_addresses_are_no_use(void **state)
{
	static const char *const good[] = {"2001:db8::1", "::1"}, *const mixed[] = {"::ffff:192.0.2.1", "2001:db8::1"},
				 *const mapped[] = {"::ffff:192.0.2.1", "::ffff:192.0.2.2"};
	struct hf_arena *arena = hf_arena_new(1 << 16);
	const struct hf_rrset *set = set_of(arena, HF_TYPE_AAAA, good, 2, 1), *usable;

	(void)state;
	assert_ptr_equal(usable_of(set, arena), set);
	usable = usable_of(set_of(arena, HF_TYPE_AAAA, mixed, 2, 1), arena);
	assert_int_equal(usable->count, 1);
	assert_int_equal(usable->signature_count, 0);
	assert_int_equal(hf_rrset_first(usable).bytes[0], 0x20);
	assert_null(usable_of(set_of(arena, HF_TYPE_AAAA, mapped, 2, 1), arena));
	hf_arena_free(arena);
}

/* An A set that fills a message makes an AAAA set that fits into one. */
static void the_largest_set_still_fits(void **state)
{
	static uint8_t bytes[4000][4];
	static struct hf_rdata rdata[4000];
	struct hf_arena *arena = hf_arena_new(1 << 20);
	struct hf_prefix own = prefix_of("2001:db8:64::/96");
	const struct hf_rrset *set, *made;

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		memcpy(bytes[i], (uint8_t[]){11, 0, (uint8_t)(i >> 8), (uint8_t)i}, 4);
		rdata[i] = (struct hf_rdata){.bytes = bytes[i], .length = 4};
	}
	set = hf_rrset_make(arena, hf_name_root, HF_TYPE_A, HF_CLASS_IN, 1, rdata, 4000, 0);
	assert_non_null(set);
	made = synthesised(&own, set, 1, arena);
	assert_non_null(made);
	assert_true(made->count * 28 < 60000 && made->count >= 2000);
	hf_arena_free(arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_those_of_the_rfc),
		cmocka_unit_test(other_prefixes_are_refused),
		cmocka_unit_test(the_well_known_prefix_is_for_global_addresses),
		cmocka_unit_test(reverse_names_lead_to_in_addr_arpa),
		cmocka_unit_test(numbers_stay),
		cmocka_unit_test(what_is_synthesised_is_told_by_type_name_and_flags),
		cmocka_unit_test(sets_are_made_of_what_may_be_embedded),
		cmocka_unit_test(mapped_addresses_are_no_use),
		cmocka_unit_test(the_largest_set_still_fits),
	};

	return cmocka_run_group_tests_name("policy_dns64", tests, NULL, NULL);
}
