// SPDX-License-Identifier: BSD-3-Clause
/* Facts about dataplane/wire/name.c and name_text.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "wire/name.h"

/* Names made on the fly for one expression. */
static const uint8_t *name(const char *text)
{
	static uint8_t buffers[4][HF_NAME_MAX];
	static unsigned turn;
	uint8_t *out = buffers[turn++ % 4];

	if (hf_name_from_text(text, out) == 0)
		fail_msg("\"%s\" is no name", text);
	return out;
}

static void text_and_wire_form_agree(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{".", "."},
		{"com", "com."},
		{"www.Example.com.", "www.Example.com."},
		{"a\\.b.example", "a\\.b.example."},
		{"\\000\\255\\032x.", "\\000\\255\\032x."},
		{"\\065\\\\.example.", "A\\\\.example."},
		{"a b.", "a\\032b."},
		{"\"();@$.", "\\\"\\(\\)\\;\\@\\$."},
		{"*._tcp.", "*._tcp."},
	};
	char text[HF_NAME_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(hf_name_to_text(name(rows[i].in), text), rows[i].out);
}

static void bad_text_is_refused(void **state)
{
	static const char *const rows[] = {"", "..", ".com", "a..b", "a\\", "\\256.", "\\25", "\\2x5."};
	uint8_t out[HF_NAME_MAX];
	char label[80];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(hf_name_from_text(rows[i], out), 0);
	memset(label, 'x', sizeof(label));
	label[64] = '\0';
	assert_int_equal(hf_name_from_text(label, out), 0);
	label[63] = '\0';
	assert_int_equal(hf_name_from_text(label, out), 65);
}

static void text_of_255_octets_is_a_name_and_256_are_not(void **state)
{
	uint8_t out[HF_NAME_MAX];
	char text[300], back[HF_NAME_TEXT_MAX];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[63] = text[127] = text[191] = '.';
	text[253] = '\0'; /* 4 length octets + 63 * 3 + 61 + root = 255 */
	assert_int_equal(hf_name_from_text(text, out), 255);
	assert_int_equal(strlen(hf_name_to_text(out, back)), 254);
	text[253] = 'x';
	text[254] = '\0';
	assert_int_equal(hf_name_from_text(text, out), 0);
}

static void the_longest_text_fits_its_buffer(void **state)
{
	uint8_t wire[HF_NAME_MAX];
	char text[HF_NAME_TEXT_MAX];
	size_t at = 0;

	(void)state;
	memset(wire, 0xff, sizeof(wire));
	for (; at + 64 < 254; at += 64)
		wire[at] = 63;
	wire[at] = (uint8_t)(254 - at - 1);
	wire[254] = 0;
	assert_int_equal(hf_name_length(wire), 255);
	assert_in_range(strlen(hf_name_to_text(wire, text)), 900, HF_NAME_TEXT_MAX - 1);
	assert_int_equal(hf_name_from_text(text, wire), 255);
}

static void a_text_is_never_cut_within_an_escape(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		const char *cut;
	} rows[] = {
		{"www.example.", 255, "www.example."}, {"www.example.", 5, "www.e"}, {"a\\\"b.", 3, "a\\\""},
		{"a\\\"b.", 2, "a"},		       {"ab\\010c.", 6, "ab\\010"},	 {"ab\\010c.", 5, "ab"},
		{"ab\\010c.", 3, "ab"},		       {"\\\\\\\\.", 3, "\\\\"},	 {"x.", 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%s", rows[i].text);
		assert_string_equal(hf_name_cut_text(text, rows[i].length), rows[i].cut);
	}
}

static void compressed_names_are_followed_and_the_offset_moves_behind_them(void **state)
{
	/*                          0         4                 9           14 */
	static const uint8_t m[] = "\3com\0"
				   "\7Example\xc0\0"
				   "\3www\xc0\5"
				   "\xc0\xf"
				   "!";
	uint8_t out[HF_NAME_MAX];
	size_t offset = 15;

	(void)state;
	assert_int_equal(hf_name_parse(m, sizeof(m), &offset, out), 17);
	assert_int_equal(offset, 21);
	assert_memory_equal(out, name("www.Example.com."), 17);
	assert_int_equal(hf_name_parse(m, sizeof(m), &offset, out), 17); /* a pointer to a name */
	assert_int_equal(offset, 23);
}

static void malformed_names_are_refused_and_the_offset_stays(void **state)
{
	static const struct {
		const char *what;
		uint8_t bytes[8];
		size_t length, offset;
	} rows[] = {
		{"nothing", {0}, 0, 0},
		{"label cut off", {3, 'c', 'o'}, 3, 0},
		{"root missing", {1, 'a'}, 2, 0},
		{"pointer cut off", {0, 0xc0}, 2, 1},
		{"pointer to itself", {0xc0, 0}, 2, 0},
		{"forward pointer", {0xc0, 2, 0}, 3, 0},
		{"loop over a label", {1, 'a', 0xc0, 0}, 4, 2}, /* to 0, from there through 'a' to the pointer again */
		{"label type 0x40", {0x41, 'a', 0}, 3, 0},
		{"label type 0x80", {0x80, 'a', 0}, 3, 0},
		{"pointer beyond the end", {0xff, 0xff}, 2, 0},
	};
	uint8_t out[HF_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t offset = rows[i].offset;

		if (hf_name_parse(rows[i].bytes, rows[i].length, &offset, out) != 0)
			fail_msg("%s was accepted", rows[i].what);
		assert_int_equal(offset, rows[i].offset);
	}
}

static void names_above_255_octets_are_refused_however_they_are_made(void **state)
{
	uint8_t m[400], out[HF_NAME_MAX];
	size_t offset = 0;

	(void)state;
	memset(m, 'x', sizeof(m));
	m[0] = m[64] = m[128] = 63;
	m[192] = 61;
	m[254] = 0;
	assert_int_equal(hf_name_parse(m, 255, &offset, out), 255);
	m[192] = 62;
	m[255] = 0;
	offset = 0;
	assert_int_equal(hf_name_parse(m, 256, &offset, out), 0);
	/* 255 octets, and a label before a pointer to them */
	m[192] = 61;
	m[254] = 0;
	m[255] = 1;
	m[257] = 0xc0;
	m[258] = 0;
	offset = 255;
	assert_int_equal(hf_name_parse(m, 259, &offset, out), 0);
}

static void a_chain_of_127_pointers_is_followed_and_a_longer_one_is_not(void **state)
{
	uint8_t m[600] = {0}, out[HF_NAME_MAX];
	size_t offset;

	(void)state;
	/* m[0] is the root; pointer i stands at 2 * i - 1 and leads to the one before. */
	for (unsigned i = 1; i <= 128; i++) {
		m[2 * i - 1] = 0xc0 | (i > 1 ? (2 * i - 3) >> 8 : 0);
		m[2 * i] = i > 1 ? (uint8_t)(2 * i - 3) : 0;
	}
	offset = 2 * 127 - 1;
	assert_int_equal(hf_name_parse(m, sizeof(m), &offset, out), 1);
	offset = 2 * 128 - 1;
	assert_int_equal(hf_name_parse(m, sizeof(m), &offset, out), 0);
}

static void equality_ignores_the_case_of_ascii_letters_only(void **state)
{
	(void)state;
	assert_true(hf_name_equal(name("WWW.example.COM."), name("www.EXAMPLE.com.")));
	assert_false(hf_name_equal(name("www.example."), name("www.example.com.")));
	assert_false(hf_name_equal(name("@."), name("`.")));		     /* the octets around A–Z and a–z */
	assert_false(hf_name_equal(name("[abcdefgh."), name("{abcdefgh."))); /* also where eight are compared at once */
	assert_false(hf_name_equal(name("\\193bcdefgh."), name("\\225bcdefgh."))); /* Á is no ASCII letter */
	assert_false(hf_name_equal(name("a.b."), name("a\\.b.")));
	assert_true(hf_name_equal(hf_name_root, name(".")));
}

static void below_means_at_a_label_boundary(void **state)
{
	(void)state;
	assert_true(hf_name_is_below_or_equal(name("a.b.Example."), name("b.eXample.")));
	assert_true(hf_name_is_below_or_equal(name("example."), name("example.")));
	assert_true(hf_name_is_below_or_equal(name("example."), hf_name_root));
	assert_false(hf_name_is_below_or_equal(name("example."), name("a.example.")));
	assert_false(hf_name_is_below_or_equal(name("ab.example."), name("b.example.")));
	assert_false(hf_name_is_below_or_equal(name("a\\001b.example."), name("b.example."))); /* octet 1 as a length */
	assert_false(hf_name_is_below_or_equal(name("a.example."), name("a.example2.")));
}

static void labels_are_counted_and_stripped_from_the_left(void **state)
{
	const uint8_t *n = name("a.b.c.");

	(void)state;
	assert_int_equal(hf_name_label_count(n), 3);
	assert_int_equal(hf_name_label_count(hf_name_root), 0);
	assert_true(hf_name_equal(hf_name_strip(n, 2), name("c.")));
	assert_true(hf_name_equal(hf_name_strip(n, 0), n));
	assert_true(hf_name_equal(hf_name_strip(n, 9), hf_name_root));
	assert_true(hf_name_equal(hf_name_parent(n), name("b.c.")));
	assert_null(hf_name_parent(hf_name_root));
}

static void canonical_order_is_that_of_rfc4034(void **state)
{
	static const char *const ordered[] = {".",
					      "example.",
					      "a.example.",
					      "yljkjljk.a.example.",
					      "Z.a.example.",
					      "zABC.a.EXAMPLE.",
					      "z.example.",
					      "\\001.z.example.",
					      "*.z.example.",
					      "\\200.z.example."};

	(void)state;
	for (size_t i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++) {
		for (size_t k = 0; k < sizeof(ordered) / sizeof(ordered[0]); k++) {
			int order = hf_name_compare(name(ordered[i]), name(ordered[k]));

			if ((order < 0) != (i < k) || (order > 0) != (i > k))
				fail_msg("%s and %s compare as %d", ordered[i], ordered[k], order);
		}
	}
}

static void copies_and_lowered_copies_may_be_in_place(void **state)
{
	uint8_t n[HF_NAME_MAX], out[HF_NAME_MAX];

	(void)state;
	hf_name_from_text("WWW.Example.\\065\\193.", n);
	assert_int_equal(hf_name_copy(n, out), hf_name_length(n));
	assert_memory_equal(n, out, hf_name_length(n));
	assert_int_equal(hf_name_lower(n, n), hf_name_length(out));
	assert_memory_equal(n, name("www.example.a\\193."), hf_name_length(n));
}

static void joined_names_above_255_octets_are_refused(void **state)
{
	uint8_t prefix[HF_NAME_MAX], out[HF_NAME_MAX];
	char text[300];
	size_t length;

	(void)state;
	hf_name_from_text("www.", prefix);
	assert_int_equal(hf_name_join(prefix, 4, name("example."), out), 13);
	assert_true(hf_name_equal(out, name("www.example.")));
	assert_int_equal(hf_name_join(prefix, 0, name("example."), out), 9);
	memset(text, 'x', sizeof(text));
	text[63] = text[127] = text[191] = '.';
	text[249] = '\0';
	length = hf_name_from_text(text, prefix);
	assert_int_equal(length, 251);
	assert_int_equal(hf_name_join(prefix, length - 1, name("abc."), out), 255);
	assert_int_equal(hf_name_join(prefix, length - 1, name("abcd."), out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_wire_form_agree),
		cmocka_unit_test(bad_text_is_refused),
		cmocka_unit_test(text_of_255_octets_is_a_name_and_256_are_not),
		cmocka_unit_test(the_longest_text_fits_its_buffer),
		cmocka_unit_test(a_text_is_never_cut_within_an_escape),
		cmocka_unit_test(compressed_names_are_followed_and_the_offset_moves_behind_them),
		cmocka_unit_test(malformed_names_are_refused_and_the_offset_stays),
		cmocka_unit_test(names_above_255_octets_are_refused_however_they_are_made),
		cmocka_unit_test(a_chain_of_127_pointers_is_followed_and_a_longer_one_is_not),
		cmocka_unit_test(equality_ignores_the_case_of_ascii_letters_only),
		cmocka_unit_test(below_means_at_a_label_boundary),
		cmocka_unit_test(labels_are_counted_and_stripped_from_the_left),
		cmocka_unit_test(canonical_order_is_that_of_rfc4034),
		cmocka_unit_test(copies_and_lowered_copies_may_be_in_place),
		cmocka_unit_test(joined_names_above_255_octets_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
