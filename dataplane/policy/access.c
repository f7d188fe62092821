// SPDX-License-Identifier: BSD-3-Clause
/* From rules whose prefixes nest to ranges that do not overlap. */
#include "policy/access.h"
#include <stdlib.h>

enum { NESTING_MAX = 130 }; /* lengths 0 to 128, and what holds for all */

/* The last address of a prefix. */
struct bound {
	uint64_t high, low;
};

struct sweep {
	struct hf_access_range *ranges;
	size_t count;
	/* The prefixes that hold the address reached, widest first. */
	unsigned depth;
	struct bound ends[NESTING_MAX];
	struct hf_access_verdict verdicts[NESTING_MAX];
};

static struct hf_access_range start_of(const struct hf_access_rule *rule)
{
	struct hf_address first = {.family = rule->clients.family};
	struct hf_access_range start = {.verdict = rule->verdict};

	memcpy(first.bytes, rule->clients.bytes, sizeof(first.bytes));
	if (first.family == 4) {
		uint32_t word;

		memcpy(&word, first.bytes, 4);
		start.low = be32toh(word);
	} else {
		memcpy(&start.high, first.bytes, 8);
		memcpy(&start.low, first.bytes + 8, 8);
		start.high = be64toh(start.high);
		start.low = be64toh(start.low);
	}
	return start;
}

static struct bound end_of(const struct hf_access_range *start, unsigned length, unsigned bits)
{
	unsigned open = bits - length;
	struct bound end = {start->high, start->low};

	if (open >= 64) {
		end.low = UINT64_MAX;
		end.high |= open == 128 ? UINT64_MAX : (UINT64_C(1) << (open - 64)) - 1;
	} else {
		end.low |= (UINT64_C(1) << open) - 1;
	}
	return end;
}

/* From this address on, this verdict. */
static void emit(struct sweep *sweep, uint64_t high, uint64_t low, struct hf_access_verdict verdict)
{
	struct hf_access_range *last = sweep->count ? &sweep->ranges[sweep->count - 1] : NULL;

	if (last && last->high == high && last->low == low) {
		sweep->count--; /* a narrower prefix that begins where the wider one does */
		last = sweep->count ? last - 1 : NULL;
	}
	if (last && last->verdict.action == verdict.action && last->verdict.dns64 == verdict.dns64)
		return;
	sweep->ranges[sweep->count++] = (struct hf_access_range){high, low, verdict};
}

/* Leaves the prefixes that end before `start`; NULL: all but the outermost. */
static void leave(struct sweep *sweep, const struct hf_access_range *start)
{
	while (sweep->depth > 1) {
		struct bound end = sweep->ends[sweep->depth - 1];

		if (start && (end.high > start->high || (end.high == start->high && end.low >= start->low)))
			return;
		sweep->depth--;
		/* Where both end together, the wider one is left next and says what follows. */
		if (end.high == sweep->ends[sweep->depth - 1].high && end.low == sweep->ends[sweep->depth - 1].low)
			continue;
		emit(sweep, end.high + (end.low == UINT64_MAX), end.low + 1, sweep->verdicts[sweep->depth - 1]);
	}
}

static int compare(const void *left, const void *right)
{
	const struct hf_access_rule *const *a = left, *const *b = right;
	int order = memcmp((*a)->clients.bytes, (*b)->clients.bytes, sizeof((*a)->clients.bytes));

	if (order == 0)
		order = (*a)->clients.length - (*b)->clients.length;
	return order ? order : *a < *b ? -1 : *a > *b;
}

/* All ranges of one family. `sorted` has room for a pointer to each rule. */
static void sweep_family(struct sweep *sweep, const struct hf_access_rule *rules, size_t count,
			 const struct hf_access_rule **sorted, unsigned family, struct hf_access_verdict otherwise)
{
	unsigned bits = family == 4 ? 32 : 128;
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (rules[i].clients.family == family)
			sorted[used++] = &rules[i];
	}
	qsort(sorted, used, sizeof(sorted[0]), compare);
	sweep->depth = 1;
	sweep->ends[0] = (struct bound){family == 4 ? 0 : UINT64_MAX, family == 4 ? UINT32_MAX : UINT64_MAX};
	sweep->verdicts[0] = otherwise;
	emit(sweep, 0, 0, otherwise);
	for (size_t i = 0; i < used; i++) {
		struct hf_access_range start = start_of(sorted[i]);

		if (i + 1 < used && hf_prefix_equal(&sorted[i]->clients, &sorted[i + 1]->clients))
			continue;
		leave(sweep, &start);
		emit(sweep, start.high, start.low, sorted[i]->verdict);
		sweep->ends[sweep->depth] = end_of(&start, sorted[i]->clients.length, bits);
		sweep->verdicts[sweep->depth++] = sorted[i]->verdict;
	}
	leave(sweep, NULL);
}

struct hf_access *hf_access_new(const struct hf_access_rule *rules, size_t count, struct hf_access_verdict otherwise,
				const struct hf_dns64_table *dns64)
{
	/* A prefix begins one range and, where it ends, another. */
	struct hf_access *access = calloc(1, sizeof(*access) + (2 * count + 2) * sizeof(access->ranges[0]));
	const struct hf_access_rule **sorted = calloc(count + 1, sizeof(*sorted));

	if (access && sorted) {
		struct sweep four = {.ranges = access->ranges}, six;

		access->dns64 = *dns64;
		sweep_family(&four, rules, count, sorted, 4, otherwise);
		six = (struct sweep){.ranges = access->ranges + four.count};
		sweep_family(&six, rules, count, sorted, 6, otherwise);
		access->counts[0] = four.count;
		access->counts[1] = six.count;
		access->tables[0] = four.ranges;
		access->tables[1] = six.ranges;
	} else {
		free(access);
		access = NULL;
	}
	free(sorted);
	return access;
}

void hf_access_free(struct hf_access *access)
{
	free(access);
}
