// SPDX-License-Identifier: BSD-3-Clause
/* Failure cache; see failures.h. */
#include "resolver/failures.h"
#include <stdio.h>
#include <stdlib.h>
#include "dnssec/security.h"

struct hf_failures {
	const uint64_t *secret;
	struct hf_index index;
	struct hf_failure *entries; /* ring */
	uint32_t limit, next;
};

struct hf_failures *hf_failures_new(uint32_t limit, const uint64_t secret[2])
{
	struct hf_failures *failures = calloc(1, sizeof(*failures));

	if (!failures)
		return NULL;
	failures->secret = secret;
	failures->limit = limit;
	failures->entries = calloc(limit, sizeof(failures->entries[0]));
	if (!failures->entries || !hf_index_init(&failures->index, limit)) {
		hf_failures_free(failures);
		return NULL;
	}
	return failures;
}

void hf_failures_free(struct hf_failures *failures)
{
	if (!failures)
		return;
	hf_index_free(&failures->index);
	free(failures->entries);
	free(failures);
}

static uint64_t hash_question(const struct hf_failures *failures, const uint8_t *name, uint16_t type, uint16_t class)
{
	return hf_index_hash_name(failures->secret, name, (uint64_t)type << 16 | class);
}

static struct hf_failure *find(const struct hf_failures *failures, uint64_t hash, const uint8_t *name, uint16_t type,
			       uint16_t class)
{
	for (struct hf_index_node *n = hf_index_first(&failures->index, hash); n; n = hf_index_next(n)) {
		struct hf_failure *failure = hf_index_entry(n, struct hf_failure, node);

		if (failure->type == type && failure->class == class && hf_name_equal(failure->name, name))
			return failure;
	}
	return NULL;
}

void hf_failures_note(struct hf_failures *failures, const uint8_t *name, uint16_t type, uint16_t class,
		      uint32_t first_ms, uint16_t ede, const char *text, struct hf_now now)
{
	uint64_t hash = hash_question(failures, name, type, class);
	struct hf_failure *failure = find(failures, hash, name, type, class);

	if (failure && failure->forget_ns > now.mono_ns) {
		uint32_t most = hf_ede_is_of_validation(ede) ? HF_FAILURES_BOGUS_MAX_MS : HF_FAILURES_TTL_MAX_MS;

		failure->hold_ms = failure->hold_ms * 2 < most ? failure->hold_ms * 2 : most;
	} else {
		if (!failure) {
			failure = &failures->entries[failures->next];
			failures->next = (failures->next + 1) % failures->limit;
			if (failure->used)
				hf_index_remove(&failures->index, &failure->node);
			failure->used = true;
			failure->type = type;
			failure->class = class;
			hf_name_lower(name, failure->name);
			hf_index_add(&failures->index, &failure->node, hash);
		}
		failure->hold_ms = first_ms;
	}
	failure->until_ns = now.mono_ns + failure->hold_ms * HF_NS_PER_MS;
	failure->forget_ns = failure->until_ns + failure->hold_ms * HF_NS_PER_MS;
	failure->ede = ede;
	snprintf(failure->text, sizeof(failure->text), "%s", text ? text : "");
}

void hf_failures_clear(struct hf_failures *failures, const uint8_t *name, uint16_t type, uint16_t class)
{
	struct hf_failure *failure;

	if (!failures->index.count)
		return;
	failure = find(failures, hash_question(failures, name, type, class), name, type, class);
	if (!failure)
		return;
	hf_index_remove(&failures->index, &failure->node);
	failure->used = false;
}

void hf_failures_clear_bogus(struct hf_failures *failures)
{
	for (uint32_t i = 0; i < failures->limit; i++) {
		struct hf_failure *failure = &failures->entries[i];

		if (!failure->used || !hf_ede_is_of_validation(failure->ede))
			continue;
		hf_index_remove(&failures->index, &failure->node);
		failure->used = false;
	}
}

const struct hf_failure *hf_failures_lookup(const struct hf_failures *failures, const uint8_t *name, uint16_t type,
					    uint16_t class, struct hf_now now)
{
	const struct hf_failure *failure;

	if (!failures->index.count)
		return NULL;
	failure = find(failures, hash_question(failures, name, type, class), name, type, class);
	return failure && failure->until_ns > now.mono_ns ? failure : NULL;
}
