// SPDX-License-Identifier: BSD-3-Clause
#include "policy/nta.h"
#include <stdlib.h>

struct hf_ntas {
	unsigned references; /* atomic */
	unsigned count;
	struct hf_nta ntas[];
};

struct hf_ntas *hf_ntas_new(const struct hf_nta *ntas, unsigned count)
{
	struct hf_ntas *set = calloc(1, sizeof(*set) + count * sizeof(set->ntas[0]));

	if (!set)
		return NULL;
	set->references = 1;
	for (unsigned i = 0; i < count; i++) {
		unsigned place = 0;

		while (place < set->count && !hf_name_equal(set->ntas[place].name, ntas[i].name))
			place++;
		set->ntas[place] = ntas[i];
		if (place == set->count)
			set->count++;
	}
	return set;
}

struct hf_ntas *hf_ntas_hold(struct hf_ntas *ntas)
{
	if (ntas)
		__atomic_add_fetch(&ntas->references, 1, __ATOMIC_RELAXED);
	return ntas;
}

void hf_ntas_drop(struct hf_ntas *ntas)
{
	if (ntas && !__atomic_sub_fetch(&ntas->references, 1, __ATOMIC_ACQ_REL))
		free(ntas);
}

const struct hf_nta *hf_ntas_find(const struct hf_ntas *ntas, const uint8_t *name, struct hf_now now)
{
	const struct hf_nta *best = NULL;

	for (unsigned i = 0; ntas && i < ntas->count; i++) {
		const struct hf_nta *nta = &ntas->ntas[i];

		if (nta->ends_s > now.wall_s && hf_name_is_below_or_equal(name, nta->name) &&
		    (!best || hf_name_label_count(nta->name) > hf_name_label_count(best->name)))
			best = nta;
	}
	return best;
}

unsigned hf_ntas_count(const struct hf_ntas *ntas)
{
	return ntas ? ntas->count : 0;
}

const struct hf_nta *hf_ntas_get(const struct hf_ntas *ntas, unsigned index)
{
	return &ntas->ntas[index];
}
