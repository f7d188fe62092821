// SPDX-License-Identifier: BSD-3-Clause
#include "dnssec/key.h"
#include <stdlib.h>
#include <string.h>
#include "dnssec/key_set.h"

struct hf_keys *hf_keys_new(const struct hf_rrset *dnskey)
{
	struct hf_keys *keys = calloc(1, sizeof(*keys) + dnskey->count * sizeof(keys->keys[0]));

	if (!keys)
		return NULL;
	keys->rrset = malloc(dnskey->size);
	if (!keys->rrset) {
		free(keys);
		return NULL;
	}
	memcpy(keys->rrset, dnskey, dnskey->size);
	for (struct hf_rdata r = hf_rrset_first(keys->rrset); r.bytes && r.index < keys->rrset->count;
	     r = hf_rrset_next(keys->rrset, r)) {
		struct hf_public_key *key = &keys->keys[keys->count];

		if (!hf_public_key_read(key, r.bytes, r.length))
			continue;
		keys->any_zone_key |= (key->flags & HF_DNSKEY_ZONE) != 0;
		keys->count += hf_public_key_may_sign(key);
	}
	return keys;
}

void hf_keys_free(struct hf_keys *keys)
{
	if (!keys)
		return;
	for (unsigned i = 0; i < keys->count; i++)
		hf_public_key_free(&keys->keys[i]);
	free(keys->rrset);
	free(keys);
}

const uint8_t *hf_keys_zone(const struct hf_keys *keys)
{
	return hf_rrset_owner(keys->rrset);
}
