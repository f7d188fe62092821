// SPDX-License-Identifier: BSD-3-Clause
/* Addresses and RRsets of DNS64. */
#include "policy/dns64.h"
#include <string.h>

enum {
	U_OCTET = 8, /* bits 64 to 71: always 0 (RFC 6052 §2.2) */
	ADDRESSES_MAX = 2048, /* as AAAA RRs, 28 octets each, within a message */
	NIBBLES = 32,
};

const uint8_t hf_dns64_ipv4only_name[] = "\x08ipv4only\x04" "arpa";
static const uint8_t ip6_arpa[] = "\x03ip6\x04" "arpa", in_addr_arpa[] = "\x07in-addr\x04" "arpa";

/* ---- prefixes ---- */

unsigned hf_dns64_number(struct hf_dns64_table *table, const struct hf_prefix *prefix)
{
	for (unsigned i = 0; i < table->count; i++) {
		if (hf_prefix_equal(&table->prefixes[i], prefix))
			return i + 1;
	}
	if (table->count == HF_DNS64_PREFIXES_MAX)
		return 0;
	table->prefixes[table->count++] = *prefix;
	return table->count;
}

const struct hf_prefix *hf_dns64_of_class(const struct hf_dns64_table *table, uint8_t reply_class)
{
	unsigned number = reply_class >> HF_REPLY_DNS64_SHIFT;

	return number && number <= table->count ? &table->prefixes[number - 1] : NULL;
}

uint8_t hf_dns64_class(const struct hf_dns64_table *table, unsigned number, const uint8_t *name, uint16_t qtype,
		       uint8_t reply_class)
{
	const uint8_t class = (uint8_t)(number << HF_REPLY_DNS64_SHIFT), both = HF_REPLY_DO | HF_REPLY_CD;
	uint8_t reverse[HF_NAME_MAX];

	if ((reply_class & both) == both)
		return 0;
	if (qtype == HF_TYPE_AAAA)
		return class;
	return qtype == HF_TYPE_PTR && hf_dns64_reverse(&table->prefixes[number - 1], name, reverse) ? class : 0;
}

const char *hf_dns64_prefix_fault(const struct hf_prefix *prefix)
{
	if (prefix->family != 6)
		return "is not an IPv6 prefix";
	switch (prefix->length) {
	case 32:
	case 40:
	case 48:
	case 56:
	case 64:
		return NULL;
	case 96:
		return prefix->bytes[U_OCTET] ? "has bits set from 64 to 71" : NULL;
	default:
		return "has a length other than 32, 40, 48, 56, 64 and 96";
	}
}

static bool is_well_known(const struct hf_prefix *prefix)
{
	static const struct hf_prefix well_known = {.family = 6, .length = 96, .bytes = {0, 0x64, 0xff, 0x9b}};

	return hf_prefix_equal(prefix, &well_known);
}

/* ---- addresses ---- */

/* Octets of the IPv4 address follow the prefix, and skip the octet u. */
static unsigned next_octet(unsigned at)
{
	return at == U_OCTET ? at + 1 : at;
}

void hf_dns64_embed(const struct hf_prefix *prefix, const uint8_t ipv4[4], uint8_t ipv6[16])
{
	unsigned at = prefix->length / 8;

	memcpy(ipv6, prefix->bytes, 16);
	for (unsigned i = 0; i < 4; i++, at++) {
		at = next_octet(at);
		ipv6[at] = ipv4[i];
	}
}

bool hf_dns64_extract(const struct hf_prefix *prefix, const uint8_t ipv6[16], uint8_t ipv4[4])
{
	unsigned at = prefix->length / 8;

	if (memcmp(ipv6, prefix->bytes, at) != 0)
		return false;
	for (unsigned i = 0; i < 4; i++, at++) {
		at = next_octet(at);
		ipv4[i] = ipv6[at];
	}
	return true;
}

/* The blocks of RFC 6890 that no packet from outside is for. Those for documentation are not among them: RFC 6147 §7 itself
 * translates them with this prefix. */
bool hf_dns64_may_embed(const struct hf_prefix *prefix, const uint8_t ipv4[4])
{
	static const struct {
		uint32_t address, mask;
	} local[] = {
		{0x00000000, 0xff000000}, /* this network */
		{0x0a000000, 0xff000000}, /* private, RFC 1918 */
		{0x64400000, 0xffc00000}, /* between a provider and its customers, RFC 6598 */
		{0x7f000000, 0xff000000}, /* loopback */
		{0xa9fe0000, 0xffff0000}, /* link-local */
		{0xac100000, 0xfff00000}, /* private */
		{0xc0000000, 0xffffff00}, /* protocol assignments */
		{0xc0a80000, 0xffff0000}, /* private */
		{0xc6120000, 0xfffe0000}, /* benchmarks */
		{0xe0000000, 0xe0000000}, /* multicast, reserved, broadcast */
	};
	uint32_t address = (uint32_t)ipv4[0] << 24 | (uint32_t)ipv4[1] << 16 | (uint32_t)ipv4[2] << 8 | ipv4[3];

	if (!is_well_known(prefix))
		return true;
	for (unsigned i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		if ((address & local[i].mask) == local[i].address)
			return false;
	}
	return true;
}

/* ---- names ---- */

static int nibble_of(uint8_t octet)
{
	octet = hf_name_lower_octet(octet);
	if (octet >= '0' && octet <= '9')
		return octet - '0';
	return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* Writes a label of up to three digits; returns what is behind it. */
static uint8_t *put_number(uint8_t *at, uint8_t number)
{
	uint8_t *digit = at + 1;

	if (number >= 100)
		*digit++ = (uint8_t)('0' + number / 100);
	if (number >= 10)
		*digit++ = (uint8_t)('0' + number / 10 % 10);
	*digit++ = (uint8_t)('0' + number % 10);
	*at = (uint8_t)(digit - at - 1);
	return digit;
}

bool hf_dns64_reverse(const struct hf_prefix *prefix, const uint8_t *name, uint8_t out[HF_NAME_MAX])
{
	uint8_t ipv6[16] = {0}, ipv4[4];

	/* Nibbles from the last to the first, a label each (RFC 3596 §2.5). */
	for (unsigned i = 0; i < NIBBLES; i++, name += 2) {
		int nibble;

		if (name[0] != 1 || (nibble = nibble_of(name[1])) < 0)
			return false;
		ipv6[15 - i / 2] |= (uint8_t)(i % 2 ? nibble << 4 : nibble);
	}
	if (!hf_name_equal(name, ip6_arpa) || !hf_dns64_extract(prefix, ipv6, ipv4))
		return false;
	for (unsigned i = 4; i-- > 0;)
		out = put_number(out, ipv4[i]);
	memcpy(out, in_addr_arpa, sizeof(in_addr_arpa));
	return true;
}

/* ---- RRsets ---- */

bool hf_dns64_synthesise(const struct hf_prefix *prefix, const struct hf_rrset *a, uint32_t ttl, struct hf_arena *arena,
			 const struct hf_rrset **out)
{
	unsigned room = a->count < ADDRESSES_MAX ? a->count : ADDRESSES_MAX, used = 0;
	uint8_t(*addresses)[16] = hf_arena_take(arena, room * sizeof(*addresses));
	struct hf_rdata *rdata = hf_arena_take(arena, room * sizeof(*rdata));

	*out = NULL;
	if (!addresses || !rdata)
		return false;
	for (struct hf_rdata r = hf_rrset_first(a); r.bytes && r.index < a->count && used < room; r = hf_rrset_next(a, r)) {
		if (r.length != 4 || !hf_dns64_may_embed(prefix, r.bytes))
			continue;
		hf_dns64_embed(prefix, r.bytes, addresses[used]);
		rdata[used] = (struct hf_rdata){.bytes = addresses[used], .length = 16};
		used++;
	}
	if (!used)
		return true;
	*out = hf_rrset_make(arena, hf_rrset_owner(a), HF_TYPE_AAAA, a->class, ttl, rdata, (uint16_t)used, 0);
	return *out != NULL;
}

bool hf_dns64_usable(const struct hf_rrset *aaaa, struct hf_arena *arena, const struct hf_rrset **out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct hf_rdata *rdata = hf_arena_take(arena, aaaa->count * sizeof(*rdata));
	unsigned used = 0;

	*out = NULL;
	if (!rdata)
		return false;
	for (struct hf_rdata r = hf_rrset_first(aaaa); r.bytes && r.index < aaaa->count; r = hf_rrset_next(aaaa, r)) {
		if (r.length == 16 && memcmp(r.bytes, mapped, sizeof(mapped)) != 0)
			rdata[used++] = r;
	}
	if (used == aaaa->count)
		*out = aaaa;
	if (used == aaaa->count || !used)
		return true;
	/* Signatures were made over the whole set. */
	*out = hf_rrset_make(arena, hf_rrset_owner(aaaa), HF_TYPE_AAAA, aaaa->class, aaaa->ttl, rdata, (uint16_t)used, 0);
	return *out != NULL;
}

const struct hf_rrset *hf_dns64_ipv4only(const struct hf_prefix *prefix, uint32_t ttl, struct hf_arena *arena)
{
	static const uint8_t known[2][4] = {{192, 0, 0, 170}, {192, 0, 0, 171}};
	uint8_t addresses[2][16];
	struct hf_rdata rdata[2];

	for (unsigned i = 0; i < 2; i++) {
		hf_dns64_embed(prefix, known[i], addresses[i]);
		rdata[i] = (struct hf_rdata){.bytes = addresses[i], .length = 16};
	}
	return hf_rrset_make(arena, hf_dns64_ipv4only_name, HF_TYPE_AAAA, HF_CLASS_IN, ttl, rdata, 2, 0);
}
