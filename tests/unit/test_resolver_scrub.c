// SPDX-License-Identifier: BSD-3-Clause
/* resolver/scrub.c and classify.c: a row a reply — what a server of a zone says, what of it is believed, and what kind it is. */
#include "resolver/classify.h"
#include "resolver_world.h"

struct row {
	const char *title;
	const char *qname;
	uint16_t qtype;
	const char *zone;
	uint16_t flags;
	unsigned rcode;
	const char *lines[8]; /* "an|ns|ar owner TTL TYPE data" */
	enum hf_kind kind;
	const char *chain;    /* types in order */
	const char *final_name;
	bool soa, referral;
	unsigned glue, dropped;
};

#define WWW "www.example.com.", HF_TYPE_A, "example.com."
#define AA HF_FLAG_AA
#define RA HF_FLAG_RA

static const struct row rows[] = {
	{"an answer", WWW, AA, 0, {"an www.example.com. 300 A 192.0.2.1"}, HF_KIND_ANSWER, "A", "www.example.com."},
	{"an answer without AA", WWW, 0, 0, {"an www.example.com. 300 A 192.0.2.1"}, HF_KIND_ANSWER, "A",
	 "www.example.com."},
	{"a recursive server", WWW, RA, 0, {"an www.example.com. 300 A 192.0.2.1"}, HF_KIND_RECURSIVE, "A",
	 "www.example.com."},
	{"a name not asked for", WWW, AA, 0,
	 {"an www.example.com. 300 A 192.0.2.1", "an mail.example.com. 300 A 192.0.2.66"}, HF_KIND_ANSWER, "A",
	 "www.example.com."},
	{"another zone's name", WWW, AA, 0, {"an www.example.com. 300 A 192.0.2.1", "an www.other.org. 300 A 192.0.2.66"},
	 HF_KIND_ANSWER, "A", "www.example.com.", .dropped = 1},
	{"another type", WWW, 0, 0, {"an www.example.com. 300 AAAA 2001:db8::1"}, HF_KIND_EMPTY, "", "www.example.com."},
	{"a chain in the zone", WWW, AA, 0,
	 {"an b.example.com. 300 A 192.0.2.1", "an www.example.com. 300 CNAME b.example.com."}, HF_KIND_ANSWER, "CNAME A",
	 "b.example.com."},
	{"a chain out of the zone", WWW, AA, 0,
	 {"an www.example.com. 300 CNAME b.other.org.", "an b.other.org. 300 A 192.0.2.66"}, HF_KIND_ANSWER, "CNAME",
	 "b.other.org.", .dropped = 1},
	{"a chain to nothing", WWW, AA, HF_RCODE_NXDOMAIN,
	 {"an www.example.com. 300 CNAME b.example.com.", "ns example.com. 300 SOA 60"}, HF_KIND_NXDOMAIN, "CNAME",
	 "b.example.com.", .soa = true},
	{"NXDOMAIN beside the data", WWW, AA, HF_RCODE_NXDOMAIN, {"an www.example.com. 300 A 192.0.2.1"}, HF_KIND_ANSWER,
	 "A", "www.example.com."},
	{"a DNAME of a zone above", WWW, AA, 0, {"an com. 300 DNAME evil.org."}, HF_KIND_EMPTY, "", "www.example.com.",
	 .dropped = 1},
	{"a DNAME and its CNAME", "a.b.example.com.", HF_TYPE_A, "example.com.", AA, 0,
	 {"an b.example.com. 300 DNAME c.example.com.", "an a.b.example.com. 300 CNAME evil.example.com."}, HF_KIND_ANSWER,
	 "DNAME", "a.c.example.com."},
	{"ANY", "www.example.com.", HF_TYPE_ANY, "example.com.", AA, 0,
	 {"an www.example.com. 300 A 192.0.2.1", "an www.example.com. 300 TXT x", "an b.example.com. 300 TXT x"},
	 HF_KIND_ANSWER, "A TXT", "www.example.com."},

	{"NXDOMAIN", WWW, AA, HF_RCODE_NXDOMAIN, {"ns example.com. 300 SOA 60"}, HF_KIND_NXDOMAIN, "",
	 "www.example.com.", .soa = true},
	{"NODATA", WWW, AA, 0, {"ns example.com. 300 SOA 60"}, HF_KIND_NODATA, "", "www.example.com.", .soa = true},
	{"NODATA with NS", WWW, 0, 0, {"ns example.com. 300 NS ns.example.com.", "ns example.com. 300 SOA 60"},
	 HF_KIND_NODATA, "", "www.example.com.", .soa = true},
	{"the SOA of a zone above", WWW, 0, 0, {"ns com. 300 SOA 60"}, HF_KIND_LAME, "", "www.example.com.",
	 .dropped = 1},
	{"the SOA of a sibling", WWW, AA, 0, {"ns b.example.com. 300 SOA 60"}, HF_KIND_EMPTY, "", "www.example.com."},

	{"a referral", WWW, 0, 0,
	 {"ns www.example.com. 300 NS ns.www.example.com.", "ar ns.www.example.com. 300 A 192.0.2.1"}, HF_KIND_REFERRAL, "",
	 "www.example.com.", .referral = true, .glue = 1},
	{"a referral with AA", WWW, AA, 0, {"ns www.example.com. 300 NS ns.www.example.com."}, HF_KIND_REFERRAL, "",
	 "www.example.com.", .referral = true},
	{"glue of another zone", WWW, 0, 0, {"ns www.example.com. 300 NS ns.other.org.", "ar ns.other.org. 300 A 192.0.2.66"},
	 HF_KIND_REFERRAL, "", "www.example.com.", .referral = true, .dropped = 1},
	{"an address that is no server's", WWW, 0, 0,
	 {"ns www.example.com. 300 NS ns.www.example.com.", "ar mail.example.com. 300 A 192.0.2.66"}, HF_KIND_REFERRAL, "",
	 "www.example.com.", .referral = true},
	{"a referral to itself", WWW, 0, 0, {"ns example.com. 300 NS ns.example.com."}, HF_KIND_LAME, "",
	 "www.example.com."},
	{"NS of itself, with AA", WWW, AA, 0, {"ns example.com. 300 NS ns.example.com."}, HF_KIND_NODATA, "",
	 "www.example.com."},
	{"an upward referral", WWW, 0, 0, {"ns com. 300 NS ns.nic.com."}, HF_KIND_LAME, "", "www.example.com.",
	 .dropped = 1},
	{"a sideways referral", WWW, 0, 0, {"ns b.example.com. 300 NS ns.b.example.com."}, HF_KIND_LAME, "",
	 "www.example.com."},
	{"a cut at the name of a DS", "sub.example.com.", HF_TYPE_DS, "example.com.", 0, 0,
	 {"ns sub.example.com. 300 NS ns.sub.example.com."}, HF_KIND_EMPTY, "", "sub.example.com."},
	{"NS beside an answer", WWW, AA, 0,
	 {"an www.example.com. 300 A 192.0.2.1", "ns example.com. 300 NS evil.example.com.",
	  "ar evil.example.com. 300 A 192.0.2.66"}, HF_KIND_ANSWER, "A", "www.example.com."},
	{"a referral beside an answer", WWW, AA, 0,
	 {"an www.example.com. 300 A 192.0.2.1", "ns www.example.com. 300 NS evil.example.com.",
	  "ar evil.example.com. 300 A 192.0.2.66"}, HF_KIND_ANSWER, "A", "www.example.com."},
	{"a referral beside an SOA", WWW, AA, 0,
	 {"ns example.com. 300 SOA 60", "ns www.example.com. 300 NS evil.example.com.",
	  "ar evil.example.com. 300 A 192.0.2.66"}, HF_KIND_NODATA, "", "www.example.com.", .soa = true},
	{"addresses beside NS asked for", "example.com.", HF_TYPE_NS, "example.com.", AA, 0,
	 {"an example.com. 300 NS ns.example.com.", "ar ns.example.com. 300 A 192.0.2.1"}, HF_KIND_ANSWER, "NS",
	 "example.com.", .glue = 1},

	{"nothing", WWW, 0, 0, {NULL}, HF_KIND_EMPTY, "", "www.example.com."},
	{"nothing, with AA", WWW, AA, 0, {NULL}, HF_KIND_EMPTY, "", "www.example.com."},
	{"REFUSED", WWW, 0, HF_RCODE_REFUSED, {NULL}, HF_KIND_ERROR, "", "www.example.com."},
	{"SERVFAIL with data", WWW, AA, HF_RCODE_SERVFAIL, {"an www.example.com. 300 A 192.0.2.1"}, HF_KIND_ERROR, "A",
	 "www.example.com."},
};

static void parse_reply(struct world *w, const struct row *row, struct hf_message *message)
{
	struct world_send send = {0};
	uint8_t bytes[4096];
	size_t length;

	send.length = hf_query_write(send.message, sizeof(send.message), 1, 0, wire_name(w, row->qname), row->qtype,
				     HF_CLASS_IN, 0, false);
	length = build_reply(w, &send, row->flags, row->rcode, row->lines, bytes, sizeof(bytes));
	assert_true(hf_message_parse(hf_arena_copy(w->arena, bytes, length), length, w->arena, message, NULL));
}

TEST_IN_WORLD(each_reply_is_believed_as_far_as_its_server_goes, NULL)
{
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct hf_message message;
		struct hf_scrubbed scrubbed;
		char chain[200] = "", type[HF_TYPE_TEXT_MAX];
		enum hf_kind kind;

		parse_reply(w, row, &message);
		assert_true(hf_scrub_message(w->arena, &message, wire_name(w, row->qname), row->qtype, HF_CLASS_IN,
					     wire_name(w, row->zone), &w->config, &scrubbed));
		for (unsigned s = 0; s < scrubbed.chain_count; s++) {
			strcat(chain, s ? " " : "");
			strcat(chain, hf_type_to_text(scrubbed.chain[s]->type, type));
		}
		kind = hf_classify_reply(&message, &scrubbed, false);
		if (kind != row->kind || strcmp(chain, row->chain) != 0 || (scrubbed.soa != NULL) != row->soa ||
		    (scrubbed.referral != NULL) != row->referral || scrubbed.glue_count != row->glue ||
		    scrubbed.dropped != row->dropped ||
		    !hf_name_equal(scrubbed.final_name, wire_name(w, row->final_name)))
			fail_msg("%s: %s, chain \"%s\", soa %d, referral %d, glue %u, dropped %u", row->title,
				 hf_kind_to_text(kind), chain, scrubbed.soa != NULL, scrubbed.referral != NULL,
				 scrubbed.glue_count, scrubbed.dropped);
	}
}

TEST_IN_WORLD(a_forwarder_may_recurse_but_not_refer, NULL)
{
	static const struct row answer = {"", "www.example.com.", HF_TYPE_A, ".", RA, 0, {"an www.example.com. 300 A 192.0.2.1"}};
	static const struct row referral = {"", "www.example.com.", HF_TYPE_A, ".", RA, 0, {"ns com. 300 NS ns.com."}};
	struct hf_message message;
	struct hf_scrubbed scrubbed;

	parse_reply(w, &answer, &message);
	assert_true(hf_scrub_message(w->arena, &message, wire_name(w, answer.qname), HF_TYPE_A, HF_CLASS_IN,
				     hf_name_root, &w->config, &scrubbed));
	assert_int_equal(hf_classify_reply(&message, &scrubbed, true), HF_KIND_ANSWER);
	parse_reply(w, &referral, &message);
	assert_true(hf_scrub_message(w->arena, &message, wire_name(w, referral.qname), HF_TYPE_A, HF_CLASS_IN,
				     hf_name_root, &w->config, &scrubbed));
	assert_int_equal(hf_classify_reply(&message, &scrubbed, true), HF_KIND_EMPTY);
}

TEST_IN_WORLD(a_chain_that_circles_ends, NULL)
{
	static const struct row circle = {
		"", "a.example.com.", HF_TYPE_A, "example.com.", AA, 0,
		{"an a.example.com. 300 CNAME b.example.com.", "an b.example.com. 300 CNAME a.example.com."}};
	struct hf_message message;
	struct hf_scrubbed scrubbed;

	parse_reply(w, &circle, &message);
	assert_true(hf_scrub_message(w->arena, &message, wire_name(w, circle.qname), HF_TYPE_A, HF_CLASS_IN,
				     wire_name(w, circle.zone), &w->config, &scrubbed));
	assert_true(scrubbed.chain_count <= HF_SCRUB_CHAIN_MAX);
	assert_false(scrubbed.answered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reply_is_believed_as_far_as_its_server_goes),
		cmocka_unit_test(a_forwarder_may_recurse_but_not_refer),
		cmocka_unit_test(a_chain_that_circles_ends),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
