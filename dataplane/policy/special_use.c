// SPDX-License-Identifier: BSD-3-Clause
/* The table of special-use names. */
#include "policy/special_use.h"
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "wire/octets.h"

enum { TTL = 10800, MEMORY = 64 * 1024 };

static const struct {
	const char *name;
	enum hf_local_type type;
	/* One more record beside SOA and NS. */
	const char *owner;
	uint16_t rr_type, length;
	const char *rdata;
} zones[] = {
	/* RFC 6761 §6: names below localhost are the same host. */
	{"localhost.", HF_LOCAL_REDIRECT, "localhost.", HF_TYPE_A, 4, "\x7f\0\0\1"},
	{"localhost.", HF_LOCAL_REDIRECT, "localhost.", HF_TYPE_AAAA, 16, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"},
	{"127.in-addr.arpa.", HF_LOCAL_STATIC, "1.0.0.127.in-addr.arpa.", HF_TYPE_PTR, 11, "\x09localhost"},
	{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", HF_LOCAL_STATIC,
	 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", HF_TYPE_PTR, 11, "\x09localhost"},
	{"invalid.", HF_LOCAL_STATIC},
	{"test.", HF_LOCAL_STATIC},
	/* RFC 6762 §22.1: of multicast DNS. */
	{"local.", HF_LOCAL_STATIC},
	/* RFC 7686 */
	{"onion.", HF_LOCAL_STATIC},
	/* RFC 8375 */
	{"home.arpa.", HF_LOCAL_STATIC},
	/* RFC 8880 §7.1: the addresses never change. */
	{"ipv4only.arpa.", HF_LOCAL_STATIC, "ipv4only.arpa.", HF_TYPE_A, 4, "\xc0\0\0\xaa"},
	{"ipv4only.arpa.", HF_LOCAL_STATIC, "ipv4only.arpa.", HF_TYPE_A, 4, "\xc0\0\0\xab"},
	{"170.0.0.192.in-addr.arpa.", HF_LOCAL_STATIC, "170.0.0.192.in-addr.arpa.", HF_TYPE_PTR, 15, "\x08ipv4only\x04" "arpa"},
	{"171.0.0.192.in-addr.arpa.", HF_LOCAL_STATIC, "171.0.0.192.in-addr.arpa.", HF_TYPE_PTR, 15, "\x08ipv4only\x04" "arpa"},
	/* RFC 9462 §8.2: no designated resolvers here. */
	{"resolver.arpa.", HF_LOCAL_STATIC},
	/* RFC 9665 §10.1 */
	{"service.arpa.", HF_LOCAL_STATIC},
	/* RFC 7535 §3.3: what AS112 servers answer with, for the whole world. */
	{"empty.as112.arpa.", HF_LOCAL_STATIC},
	/* RFC 6303 §4: "this network", link-local, documentation, broadcast, private. */
	{"0.in-addr.arpa.", HF_LOCAL_STATIC},
	{"254.169.in-addr.arpa.", HF_LOCAL_STATIC},
	{"2.0.192.in-addr.arpa.", HF_LOCAL_STATIC},
	{"100.51.198.in-addr.arpa.", HF_LOCAL_STATIC},
	{"113.0.203.in-addr.arpa.", HF_LOCAL_STATIC},
	{"255.255.255.255.in-addr.arpa.", HF_LOCAL_STATIC},
	{"10.in-addr.arpa.", HF_LOCAL_STATIC},
	{"168.192.in-addr.arpa.", HF_LOCAL_STATIC},
	{"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", HF_LOCAL_STATIC},
	{"d.f.ip6.arpa.", HF_LOCAL_STATIC},
	{"8.e.f.ip6.arpa.", HF_LOCAL_STATIC},
	{"9.e.f.ip6.arpa.", HF_LOCAL_STATIC},
	{"a.e.f.ip6.arpa.", HF_LOCAL_STATIC},
	{"b.e.f.ip6.arpa.", HF_LOCAL_STATIC},
	{"8.b.d.0.1.0.0.2.ip6.arpa.", HF_LOCAL_STATIC},
};

/* Runs of zones that differ in the second octet of an address. */
static const struct {
	const char *format;
	unsigned first, last;
} runs[] = {
	{"%u.172.in-addr.arpa.", 16, 31},  /* RFC 6303 §4.1 */
	{"%u.100.in-addr.arpa.", 64, 127}, /* RFC 7793 */
};

struct adding {
	struct hf_local *local;
	struct hf_arena *arena;
	const uint8_t *const *routed;
	unsigned routed_count;
};

static bool is_routed(const struct adding *adding, const uint8_t *name)
{
	for (unsigned i = 0; i < adding->routed_count; i++)
		if (adding->routed[i][0] && hf_name_is_below_or_equal(name, adding->routed[i]))
			return true;
	return false;
}

static const char *add_rr(struct adding *adding, const uint8_t *owner, uint16_t type, const void *bytes, uint16_t length)
{
	const struct hf_rdata rdata = {.bytes = bytes, .length = length};
	const struct hf_rrset *rrset = hf_rrset_make(adding->arena, owner, type, HF_CLASS_IN, TTL, &rdata, 1, 0);

	return rrset ? hf_local_add_data(adding->local, rrset, HF_LOCAL_SPECIAL_USE) : "out of memory";
}

/* RFC 6303 §3; the MNAME and the server's name are what the field uses. */
static const char *add_zone(struct adding *adding, const uint8_t *name, enum hf_local_type type)
{
	static const uint8_t soa[] = "\x09localhost\0\x06nobody\x07invalid\0"
				     "\0\0\0\1\0\0\x0e\x10\0\0\x04\xb0\0\x09\x3a\x80\0\0\x2a\x30";
	const char *fault = hf_local_add_zone(adding->local, name, type, HF_LOCAL_SPECIAL_USE);

	/* What the operator gives the zone goes before. */
	if (!fault && !hf_local_has_data(adding->local, name, HF_TYPE_SOA))
		fault = add_rr(adding, name, HF_TYPE_SOA, soa, sizeof(soa) - 1);
	if (!fault && !hf_local_has_data(adding->local, name, HF_TYPE_NS))
		fault = add_rr(adding, name, HF_TYPE_NS, "\x09localhost", 11);
	return fault;
}

static const char *add_fixed(struct adding *adding)
{
	const char *fault = NULL, *last = "";
	bool added = false;

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]) && !fault; i++) {
		uint8_t name[HF_NAME_MAX], owner[HF_NAME_MAX];

		hf_name_from_text(zones[i].name, name);
		if (strcmp(zones[i].name, last) != 0) {
			last = zones[i].name;
			added = !is_routed(adding, name) && !hf_local_has_zone(adding->local, name);
			if (added)
				fault = add_zone(adding, name, zones[i].type);
		}
		if (!fault && added && zones[i].owner) {
			hf_name_from_text(zones[i].owner, owner);
			fault = add_rr(adding, owner, zones[i].rr_type, zones[i].rdata, zones[i].length);
		}
	}
	return fault;
}

static const char *add_runs(struct adding *adding)
{
	const char *fault = NULL;

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		for (unsigned octet = runs[i].first; octet <= runs[i].last && !fault; octet++) {
			uint8_t name[HF_NAME_MAX];
			char text[64];

			snprintf(text, sizeof(text), runs[i].format, octet);
			hf_name_from_text(text, name);
			if (!is_routed(adding, name) && !hf_local_has_zone(adding->local, name))
				fault = add_zone(adding, name, HF_LOCAL_STATIC);
		}
	return fault;
}

const char *hf_special_use_add(struct hf_local *local, const uint8_t *const *routed, unsigned routed_count)
{
	struct adding adding = {local, hf_arena_new(MEMORY), routed, routed_count};
	const char *fault = adding.arena ? NULL : "out of memory";

	if (!fault)
		fault = add_fixed(&adding);
	if (!fault)
		fault = add_runs(&adding);
	/* A way out of the zone above. */
	for (unsigned i = 0; i < routed_count && !fault; i++)
		if (hf_local_in_special_use(local, routed[i]))
			fault = hf_local_add_zone(local, routed[i], HF_LOCAL_NONE, HF_LOCAL_SPECIAL_USE);
	hf_arena_free(adding.arena);
	return fault;
}
