// SPDX-License-Identifier: BSD-3-Clause
/* policy/hosts.c: what a line of a hosts file becomes. */
#include "local_fixture.h"
#include "policy/hosts.h"

static const char *line(struct table *table, const char *text)
{
	struct hf_arena *scratch = hf_arena_new(65536);
	const char *fault = hf_hosts_add_line(table->local, text, scratch);

	hf_arena_free(scratch);
	return fault;
}

static void names_get_addresses_and_addresses_their_first_name(void **state)
{
	struct table *table = *state;
	struct hf_local_found found;

	assert_null(line(table, "192.0.2.7 printer.corp.example printer # upstairs"));
	assert_null(line(table, "2001:db8::7\tprinter.corp.example"));
	assert_null(line(table, "192.0.2.8 printer.corp.example other"));
	assert_null(line(table, "192.0.2.7 again.corp.example"));
	finish(table);
	found = expect(table, "Printer.Corp.example.", HF_TYPE_A, HF_LOCAL_ANSWER);
	assert_int_equal(found.sets[0]->count, 2);
	assert_int_equal(found.sets[0]->ttl, HF_HOSTS_TTL);
	assert_false(found.authoritative);
	expect(table, "printer.", HF_TYPE_A, HF_LOCAL_ANSWER);
	expect(table, "printer.corp.example.", HF_TYPE_AAAA, HF_LOCAL_ANSWER);
	found = expect(table, "printer.", HF_TYPE_AAAA, HF_LOCAL_EMPTY);
	assert_null(found.soa);
	assert_false(found.authoritative);
	found = expect(table, "7.2.0.192.in-addr.arpa.", HF_TYPE_PTR, HF_LOCAL_ANSWER);
	assert_int_equal(found.sets[0]->count, 1);
	assert_true(hf_name_equal(hf_rrset_first(found.sets[0]).bytes, wire(table, "printer.corp.example.")));
	found = expect(table, "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", HF_TYPE_PTR,
		       HF_LOCAL_ANSWER);
	assert_true(hf_name_equal(hf_rrset_first(found.sets[0]).bytes, wire(table, "printer.corp.example.")));
	expect(table, "corp.example.", HF_TYPE_A, HF_LOCAL_UNKNOWN);
}

static void lines_without_a_host_add_nothing(void **state)
{
	static const char *const lines[] = {"", "   ", "# comment", "\t# 192.0.2.1 a", "fe80::1%lo0 localhost", "\r"};
	struct table *table = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_null(line(table, lines[i]));
	finish(table);
	expect(table, "localhost.", HF_TYPE_AAAA, HF_LOCAL_UNKNOWN);
	expect(table, "a.", HF_TYPE_A, HF_LOCAL_UNKNOWN);
}

static void lists_of_names_to_block_have_no_reverse(void **state)
{
	struct table *table = *state;

	assert_null(line(table, "0.0.0.0 ads.example\r"));
	assert_null(line(table, ":: ads.example"));
	finish(table);
	expect(table, "ads.example.", HF_TYPE_A, HF_LOCAL_ANSWER);
	expect(table, "ads.example.", HF_TYPE_AAAA, HF_LOCAL_ANSWER);
	expect(table, "0.0.0.0.in-addr.arpa.", HF_TYPE_PTR, HF_LOCAL_UNKNOWN);
}

static void faults_are_told(void **state)
{
	static const char *const lines[] = {
		"printer 192.0.2.1", "192.0.2.256 a", "192.0.2.1", "192.0.2.1 # a", "192.0.2.1 a..b", "192.0.2.1:53 a",
		"192.0.2.1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
	};
	struct table *table = *state;
	char long_line[5000];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!line(table, lines[i]))
			fail_msg("taken: %s", lines[i]);
	memset(long_line, 'a', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	memcpy(long_line, "192.0.2.1 ", 10);
	assert_non_null(line(table, long_line));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_table, free_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_get_addresses_and_addresses_their_first_name),
		TEST(lines_without_a_host_add_nothing),
		TEST(lists_of_names_to_block_have_no_reverse),
		TEST(faults_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
