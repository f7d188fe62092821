// SPDX-License-Identifier: BSD-3-Clause
/* io/hints.c: what a hints file may hold, and how a fault in it is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "io/hints.h"

struct loaded {
	bool good;
	struct hf_arena *arena;
	const struct hf_rrset *const *sets;
	unsigned count;
	char error[HF_CONFIG_ERROR_MAX];
};

static void load(struct loaded *loaded, const char *text)
{
	char path[] = "/tmp/holdfast-hints-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	loaded->arena = hf_arena_new(1 << 20);
	loaded->good = hf_hints_load(path, loaded->arena, &loaded->sets, &loaded->count, loaded->error);
	unlink(path);
}

static const struct hf_rrset *find(const struct loaded *loaded, const char *owner, size_t length, uint16_t type)
{
	for (unsigned i = 0; i < loaded->count; i++)
		if (loaded->sets[i]->type == type && memcmp(hf_rrset_owner(loaded->sets[i]), owner, length) == 0)
			return loaded->sets[i];
	return NULL;
}

static void groups_records_into_sets(void **state)
{
	struct loaded loaded;
	const struct hf_rrset *set;

	(void)state;
	load(&loaded, "; of the lab\n"
		      ".          3600000 NS A.Root.\n"
		      ".          3600000 NS b.root.\n"
		      "a.root.    3600000 A  192.0.2.1\n"
		      "B.ROOT.    3600000 IN AAAA 2001:db8::1\n"
		      "\n"
		      "a.ROOT.    3600000 A  192.0.2.2\n");
	assert_true(loaded.good);
	assert_int_equal(loaded.count, 3);
	set = find(&loaded, "", 1, HF_TYPE_NS);
	assert_non_null(set);
	assert_int_equal(set->count, 2);
	set = find(&loaded, "\1a\4root", 8, HF_TYPE_A);
	assert_non_null(set);
	assert_int_equal(set->count, 2);
	assert_memory_equal(hf_rrset_first(set).bytes, "\300\0\2\1", 4);
	assert_int_equal(set->ttl, 3600000);
	assert_non_null(find(&loaded, "\1b\4root", 8, HF_TYPE_AAAA));
	hf_arena_free(loaded.arena);
}

static void reads_the_hints_of_the_distribution_when_they_are_there(void **state)
{
	struct loaded loaded = {.arena = hf_arena_new(1 << 20)};

	(void)state;
	if (access("/usr/share/dns/root.hints", R_OK) != 0) {
		print_message("skipped: dns-root-data is not installed\n");
		hf_arena_free(loaded.arena);
		skip();
	}
	assert_true(
		hf_hints_load("/usr/share/dns/root.hints", loaded.arena, &loaded.sets, &loaded.count, loaded.error));
	assert_int_equal(loaded.count, 27); /* NS, thirteen A, thirteen AAAA */
	assert_int_equal(find(&loaded, "", 1, HF_TYPE_NS)->count, 13);
	hf_arena_free(loaded.arena);
}

static const struct {
	const char *text, *wanted;
} faults[] = {
	{". NS a.root.\na.root. A 192.0.2.1.9\n", ":2: "},
	{". NS a.root.\n\n\na.root. TXT \"x\"\n", ":4: only NS, A and AAAA"},
	{"com. NS a.root.\n", ":1: NS record of a name other than the root"},
	{". NS a.root.\n", "no server address"},
	{"a.root. A 192.0.2.1\n", "no NS record"},
	{"", "no NS record"},
	{". CH NS a.root.\n", ":1: class is not IN"},
};

static void names_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct loaded loaded;

		load(&loaded, faults[i].text);
		assert_false(loaded.good);
		if (!strstr(loaded.error, faults[i].wanted))
			fail_msg("'%s' instead of '%s'", loaded.error, faults[i].wanted);
		hf_arena_free(loaded.arena);
	}
}

static void says_that_there_is_no_file(void **state)
{
	struct loaded loaded = {.arena = hf_arena_new(65536)};

	(void)state;
	assert_false(hf_hints_load("/nowhere/hints", loaded.arena, &loaded.sets, &loaded.count, loaded.error));
	assert_string_equal(loaded.error, "/nowhere/hints: No such file or directory");
	hf_arena_free(loaded.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_records_into_sets),
		cmocka_unit_test(reads_the_hints_of_the_distribution_when_they_are_there),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(says_that_there_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
