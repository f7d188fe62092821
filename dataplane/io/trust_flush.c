// SPDX-License-Identifier: BSD-3-Clause
#include "io/trust_flush.h"
#include <stdlib.h>
#include <string.h>
#include "cache/denials.h"
#include "control/log.h"

static bool anchors_equal(const struct hf_config *a, const struct hf_config *b)
{
	if (strcmp(a->trust_anchor_file, b->trust_anchor_file) != 0 || a->trust_anchor_count != b->trust_anchor_count)
		return false;
	for (size_t i = 0; i < a->trust_anchor_count; i++)
		if (strcmp(a->trust_anchors[i].text, b->trust_anchors[i].text) != 0)
			return false;
	return true;
}

static bool has_nta(const struct hf_config *config, const struct hf_config_nta *nta)
{
	for (size_t i = 0; i < config->nta_count; i++)
		if (strcasecmp(config->ntas[i].name, nta->name) == 0 && config->ntas[i].until == nta->until)
			return true;
	return false;
}

static void add_missing(struct hf_trust_change *change, const struct hf_config *of, const struct hf_config *in)
{
	for (size_t i = 0; i < of->nta_count; i++)
		if (!has_nta(in, &of->ntas[i]))
			hf_name_from_text(of->ntas[i].name, change->names[change->count++]);
}

bool hf_trust_change_find(const struct hf_config *former, const struct hf_config *next, struct hf_trust_change *change)
{
	*change = (struct hf_trust_change){
		.all = former->validation != next->validation || former->sha1 != next->sha1 ||
		       former->rsa_bits_min != next->rsa_bits_min || former->skew != next->skew ||
		       former->nsec3_iterations_max != next->nsec3_iterations_max || !anchors_equal(former, next),
		.names = calloc(former->nta_count + next->nta_count + 1, sizeof(change->names[0])),
	};
	if (!change->names)
		return false;
	add_missing(change, former, next);
	add_missing(change, next, former);
	return true;
}

static void flush(struct hf_parts *parts, const uint8_t *name)
{
	char text[HF_NAME_TEXT_MAX];
	size_t removed, hot;

	hf_denials_flush(parts->shared.denials, name);
	removed = hf_cache_flush(parts->cache, name, true);
	hot = hf_kernel_tier_flush(parts->kernel_tier, name, true);
	hf_log(HF_LOG_INFO, "flushed-for-validation", "name=\"%s\" removed=%zu removed-hot=%zu", hf_name_to_text(name, text), removed,
	       hot);
}

void hf_trust_change_flush(struct hf_parts *parts, const struct hf_trust_change *change)
{
	if (change->all) {
		flush(parts, hf_name_root);
		return;
	}
	for (size_t i = 0; i < change->count; i++)
		flush(parts, change->names[i]);
}

void hf_trust_change_free(struct hf_trust_change *change)
{
	free(change->names);
	*change = (struct hf_trust_change){.all = false};
}
