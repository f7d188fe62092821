// SPDX-License-Identifier: BSD-3-Clause
/* dnssec/denial.c against the truth: chains of NSEC and NSEC3 of random zones, all of their records at hand. What exists must never be
 * denied; what does not exist must be. And single cases of the RFCs and of what went wrong elsewhere. */
#include "random_zone.h"
#include "dnssec/bitmap.h"
#include "dnssec/denial.h"

enum { ZONES = 300, QUESTIONS = 60, NXNAME = 128 };

static struct hf_denial_proofs proofs_of(struct zone *zone)
{
	zone->work = (struct hf_work){.limit_ns = UINT64_MAX / 2, .failed_max = 100};
	return (struct hf_denial_proofs){
		.sets = zone->sets,
		.count = zone->set_count,
		.zone = zone->apex,
		.policy = &hf_dnssec_policy_default,
		.costs = &hf_costs_default,
		.work = &zone->work,
	};
}

static void compare(struct zone *zone, const uint8_t *name, uint16_t type, bool opt_out)
{
	const struct truth truth = look_up(zone, name);
	struct hf_denial_proofs proofs = proofs_of(zone);
	struct hf_cause cause;
	enum hf_denial nxdomain = hf_denial_nxdomain(&proofs, name, &cause), nodata, expansion;
	bool there = truth.owner && (has_type(truth.owner, type) || has_type(truth.owner, HF_TYPE_CNAME));

	proofs = proofs_of(zone);
	nodata = hf_denial_nodata(&proofs, name, type, NULL, &cause);
	if (is_outside(zone, name)) {
		/* With opt-out the delegation is not seen, and the most that can be said is insecure. */
		assert_int_not_equal(nxdomain, HF_DENIAL_PROVEN);
		assert_int_not_equal(nodata, HF_DENIAL_PROVEN);
		return;
	}
	if (truth.owner)
		assert_int_not_equal(nxdomain, HF_DENIAL_PROVEN);
	else
		assert_true(nxdomain == HF_DENIAL_PROVEN || (opt_out && nxdomain == HF_DENIAL_OPT_OUT));
	if (there || (truth.owner && is_cut(truth.owner) && type != HF_TYPE_DS))
		assert_int_not_equal(nodata, HF_DENIAL_PROVEN);
	else if (truth.owner)
		assert_true(nodata == HF_DENIAL_PROVEN || (opt_out && nodata == HF_DENIAL_OPT_OUT));
	if (!truth.expanded)
		return;
	proofs = proofs_of(zone);
	expansion = hf_denial_expansion(&proofs, name, truth.encloser, &cause);
	assert_true(expansion == HF_DENIAL_PROVEN || (opt_out && expansion == HF_DENIAL_OPT_OUT));
	proofs = proofs_of(zone);
	/* No wildcard further up may stand for a name that has a nearer encloser. */
	if (truth.encloser > hf_name_label_count(zone->apex))
		assert_int_not_equal(hf_denial_expansion(&proofs, name, truth.encloser - 1, &cause), HF_DENIAL_PROVEN);
}

static void compare_cut(struct zone *zone, const struct owner *owner, bool opt_out)
{
	struct hf_denial_proofs proofs = proofs_of(zone);
	struct hf_cause cause;
	enum hf_cut cut = HF_CUT_NO_NAME;
	enum hf_denial denial = hf_denial_ds(&proofs, owner->name, &cut, &cause);

	if (has_type(owner, HF_TYPE_DS) || has_type(owner, HF_TYPE_SOA)) {
		assert_int_equal(denial, HF_DENIAL_NOT_PROVEN);
		return;
	}
	assert_true(denial == HF_DENIAL_PROVEN || (opt_out && denial == HF_DENIAL_OPT_OUT));
	assert_int_equal(cut, is_cut(owner) || denial == HF_DENIAL_OPT_OUT ? HF_CUT_UNSIGNED : HF_CUT_NONE);
}

static void try_zone(struct zone *zone, bool opt_out)
{
	uint8_t name[HF_NAME_MAX];

	if (zone->set_count > 32)
		return; /* more than are looked at */
	for (unsigned i = 0; i < zone->count; i++) {
		compare(zone, zone->owners[i].name, some_types[any(4)], opt_out);
		compare_cut(zone, &zone->owners[i], opt_out);
	}
	for (unsigned i = 0; i < QUESTIONS; i++) {
		any_name(zone, name, false);
		compare(zone, name, some_types[any(4)], opt_out);
	}
}

static struct zone zone;

static int set_up(void **state)
{
	(void)state;
	zone.arena = hf_arena_new(64 << 20);
	seed = 1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hf_arena_free(zone.arena);
	return 0;
}

static void nsec_denies_what_is_not_there_and_nothing_else(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ZONES; i++) {
		make_zone(&zone);
		chain_by_nsec(&zone);
		try_zone(&zone, false);
	}
}

static void nsec3_denies_what_is_not_there_and_nothing_else(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ZONES; i++) {
		make_zone(&zone);
		chain_by_nsec3(&zone, false, 1);
		try_zone(&zone, false);
	}
}

static void nsec3_with_opt_out_too(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ZONES; i++) {
		make_zone(&zone);
		chain_by_nsec3(&zone, true, 0);
		try_zone(&zone, true);
	}
}

/* ---- single cases ---- */

static struct hf_denial_proofs one_nsec(const char *owner_text, const char *next_text, const uint16_t *types, unsigned count)
{
	struct owner owner = {.type_count = 0};
	uint8_t next[HF_NAME_MAX];

	hf_name_from_text("example.", zone.apex);
	hf_name_from_text(owner_text, owner.name);
	hf_name_from_text(next_text, next);
	for (unsigned i = 0; i < count; i++)
		add_type(&owner, types[i]);
	zone.sets[0] = make_nsec(&zone, &owner, next);
	zone.set_count = 1;
	return proofs_of(&zone);
}

static const uint8_t *name_of(const char *text)
{
	static uint8_t name[HF_NAME_MAX];

	hf_name_from_text(text, name);
	return name;
}

static void a_next_name_outside_the_zone_proves_nothing(void **state)
{
	static const uint16_t types[] = {HF_TYPE_A};
	struct hf_denial_proofs proofs = one_nsec("a.example.", "b.example.org.", types, 1);
	struct hf_cause cause;

	(void)state;
	assert_int_equal(hf_denial_nxdomain(&proofs, name_of("b.example."), &cause), HF_DENIAL_NOT_PROVEN);
}

static void the_childs_record_does_not_deny_ds(void **state)
{
	static const uint16_t types[] = {HF_TYPE_SOA, HF_TYPE_NS, HF_TYPE_DNSKEY};
	struct hf_denial_proofs proofs = one_nsec("example.", "a.example.", types, 3);
	struct hf_cause cause;
	enum hf_cut cut;

	(void)state;
	assert_int_equal(hf_denial_ds(&proofs, name_of("example."), &cut, &cause), HF_DENIAL_NOT_PROVEN);
}

static void compact_denial_is_nodata_of_a_name_that_is_none(void **state)
{
	static const uint16_t types[] = {HF_TYPE_RRSIG, HF_TYPE_NSEC, NXNAME};
	struct hf_denial_proofs proofs = one_nsec("gone.example.", "\\000.gone.example.", types, 3);
	struct hf_cause cause;
	bool nxname = false;

	(void)state;
	assert_int_equal(hf_denial_nodata(&proofs, name_of("gone.example."), HF_TYPE_A, &nxname, &cause), HF_DENIAL_PROVEN);
	assert_true(nxname);
}

static void too_many_iterations_are_not_hashed(void **state)
{
	struct hf_denial_proofs proofs;
	struct hf_cause cause;

	(void)state;
	make_zone(&zone);
	chain_by_nsec3(&zone, false, 51);
	proofs = proofs_of(&zone);
	assert_int_equal(hf_denial_nxdomain(&proofs, name_of("nope.z.example."), &cause), HF_DENIAL_ITERATIONS);
	assert_int_equal(cause.ede, HF_EDE_NSEC3_ITERATIONS);
	assert_int_equal(zone.work.hashes, 0);
}

static void long_names_cost_bounded_hashing(void **state)
{
	uint8_t name[HF_NAME_MAX], prefix[200];
	struct hf_denial_proofs proofs;
	struct hf_cause cause;

	(void)state;
	make_zone(&zone);
	chain_by_nsec3(&zone, false, 50);
	for (unsigned i = 0; i < sizeof(prefix); i += 2) {
		prefix[i] = 1;
		prefix[i + 1] = 'q';
	}
	hf_name_join(prefix, sizeof(prefix), zone.apex, name);
	proofs = proofs_of(&zone);
	assert_int_equal(hf_denial_nxdomain(&proofs, name, &cause), HF_DENIAL_WORK);
	assert_true(zone.work.exhausted);
	assert_true(zone.work.hashes <= 600);
}

static void bitmaps_are_read_window_by_window(void **state)
{
	/* RFC 4034 §4.3: A MX RRSIG NSEC TYPE1234 */
	static const uint8_t bitmap[] = {0, 6, 0x40, 0x01, 0, 0, 0, 0x03, 4, 27, 0, 0, 0, 0, 0, 0, 0, 0,	0, 0,
					 0, 0, 0,    0,	   0, 0, 0, 0,	  0, 0,	 0, 0, 0, 0, 0, 0, 0x20};
	static const uint8_t bad[][4] = {{0, 0}, {0, 33}, {0, 1}, {0, 3, 1}}; /* empty, too long, cut off, cut off */

	(void)state;
	assert_true(hf_bitmap_is_valid(bitmap, sizeof(bitmap)));
	for (unsigned type = 0; type < 2000; type++)
		assert_int_equal(hf_bitmap_has(bitmap, sizeof(bitmap), (uint16_t)type),
				 type == 1 || type == 15 || type == 46 || type == 47 || type == 1234);
	for (unsigned i = 0; i < 4; i++)
		assert_false(hf_bitmap_is_valid(bad[i], i < 3 ? 2 : 3));
}

static void hashes_are_those_of_the_rfc(void **state)
{
	/* RFC 5155 appendix A: salt aabbccdd, 12 iterations. */
	static const struct {
		const char *name, *hash;
	} rows[] = {
		{"example.", "\40" "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"},	  {"a.example.", "\40" "35mthgpgcu1qg68fab165klnsnk3dpvl"},
		{"ai.example.", "\40" "gjeqe526plbf1g8mklp59enfd789njgi"}, {"ns1.example.", "\40" "2t7b4g4vsa5smi47k61mv5bv1a22bojr"},
		{"*.w.example.", "\40" "r53bq7cc2uvmubfu5ocmm6pers9tk9en"}, {"xx.example.", "\40" "t644ebqk9bibcna874givr6joj62mlhv"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t hash[HF_NSEC3_HASH_SIZE], read[HF_NSEC3_HASH_SIZE], label[33];

		assert_true(hf_nsec3_hash(name_of(rows[i].name), salt, SALT_LENGTH, 12, hash));
		hash_label(hash, label);
		assert_memory_equal(label, rows[i].hash, 33);
		assert_true(hf_nsec3_owner_hash(label, read));
		assert_memory_equal(read, hash, sizeof(hash));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nsec_denies_what_is_not_there_and_nothing_else),
		TEST(nsec3_denies_what_is_not_there_and_nothing_else),
		TEST(nsec3_with_opt_out_too),
		TEST(a_next_name_outside_the_zone_proves_nothing),
		TEST(the_childs_record_does_not_deny_ds),
		TEST(compact_denial_is_nodata_of_a_name_that_is_none),
		TEST(too_many_iterations_are_not_hashed),
		TEST(long_names_cost_bounded_hashing),
		TEST(bitmaps_are_read_window_by_window),
		TEST(hashes_are_those_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
