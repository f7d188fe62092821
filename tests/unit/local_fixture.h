// SPDX-License-Identifier: BSD-3-Clause
/* A table of local names in a test's hands. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "policy/local.h"

struct table {
	struct hf_local *local;
	struct hf_arena *arena;
};

static inline const uint8_t *wire(struct table *table, const char *text)
{
	uint8_t *name = hf_arena_take(table->arena, HF_NAME_MAX);

	assert_non_null(name);
	assert_int_not_equal(hf_name_from_text(text, name), 0);
	return name;
}

/* A (an address) or a type whose RDATA is one name. */
static inline const struct hf_rrset *set_of(struct table *table, const char *owner, uint16_t type, const char *value)
{
	uint8_t bytes[HF_NAME_MAX];
	struct hf_rdata rdata = {.bytes = bytes};

	if (type == HF_TYPE_A) {
		assert_int_equal(inet_pton(AF_INET, value, bytes), 1);
		rdata.length = 4;
	} else {
		rdata.length = (uint16_t)hf_name_from_text(value, bytes);
	}
	return hf_rrset_make(table->arena, wire(table, owner), type, HF_CLASS_IN, 3600, &rdata, 1, 0);
}

static inline void add(struct table *table, const char *owner, uint16_t type, const char *value)
{
	assert_null(hf_local_add_data(table->local, set_of(table, owner, type, value), HF_LOCAL_CONFIGURED));
}

static inline void add_zone(struct table *table, const char *name, enum hf_local_type type)
{
	assert_null(hf_local_add_zone(table->local, wire(table, name), type, HF_LOCAL_CONFIGURED));
}

static inline void finish(struct table *table)
{
	const uint8_t *where;
	const char *fault = hf_local_finish(table->local, &where);

	if (fault)
		fail_msg("%s", fault);
}

static inline int make_table(void **state)
{
	struct table *table = calloc(1, sizeof(*table));

	table->local = hf_local_new();
	table->arena = hf_arena_new(1 << 20);
	assert_true(table->local && table->arena);
	*state = table;
	return 0;
}

static inline int free_table(void **state)
{
	struct table *table = *state;

	hf_local_drop(table->local);
	hf_arena_free(table->arena);
	free(table);
	return 0;
}

static inline const char *verdict_text(enum hf_local_verdict verdict)
{
	static const char *const texts[] = {
		[HF_LOCAL_UNKNOWN] = "unknown", [HF_LOCAL_ANSWER] = "answer",	[HF_LOCAL_ALIAS] = "alias",
		[HF_LOCAL_EMPTY] = "empty",	[HF_LOCAL_ABSENT] = "absent",	[HF_LOCAL_REFUSED] = "refused",
		[HF_LOCAL_DROPPED] = "dropped",
	};

	return texts[verdict];
}

static inline struct hf_local_found expect(struct table *table, const char *name, uint16_t type,
					   enum hf_local_verdict wanted)
{
	struct hf_local_found found;
	enum hf_local_verdict verdict = hf_local_find(table->local, wire(table, name), type, &found);

	if (verdict != wanted || found.verdict != wanted)
		fail_msg("%s type %u: %s, expected %s", name, type, verdict_text(verdict), verdict_text(wanted));
	return found;
}
