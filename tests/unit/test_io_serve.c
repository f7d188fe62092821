// SPDX-License-Identifier: BSD-3-Clause
/* io/serve.c: what becomes of each kind of message. One row a kind: bytes in, outcome, rcode, and which counter moved.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <urcu-qsbr.h>
#include "io/serve.h"

#define WWW "\3www\7example\0"
enum { WWW_LENGTH = 13 };

static const struct hf_now now = {.mono_ns = 1000 * HF_NS_PER_SECOND, .wall_s = 1700000000};

struct bench {
	struct hf_cache *cache;
	struct hf_serve_settings settings;
	struct hf_access *access;
	struct hf_mailbox resolver; /* stands for resolver thread 0 */
	struct hf_mailbox *mailboxes[1];
	struct hf_dispatch dispatch;
	struct hf_promotion *promotion;
	struct hf_serve *serve;
	struct hf_request request;
	uint8_t packet[HF_SERVE_QUERY_MAX], reply[HF_TICKET_REPLY_MAX];
};

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct hf_cache_config config = {
		.bytes = 4 << 20, .answer_share = 50, .max_ttl = 86400, .max_negative_ttl = 3600, .secret = {1, 2}};

	rcu_register_thread();
	bench->cache = hf_cache_new(&config);
	assert_non_null(bench->cache);
	bench->settings.edns_size = 1232;
	assert_true(hf_mailbox_init(&bench->resolver));
	bench->mailboxes[0] = &bench->resolver;
	bench->dispatch = (struct hf_dispatch){.count = 1, .mailboxes = bench->mailboxes, .secret = {1, 2}};
	bench->promotion = hf_promotion_new(8);
	bench->serve = hf_serve_new(bench->cache, &bench->settings, &bench->dispatch, 2, bench->promotion, false);
	assert_non_null(bench->serve);
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	hf_serve_free(bench->serve);
	hf_access_free(bench->access);
	hf_promotion_free(bench->promotion);
	hf_mailbox_fini(&bench->resolver);
	rcu_unregister_thread();
	hf_cache_free(bench->cache);
	free(bench);
	return 0;
}

/* One rule; all others may ask. */
static struct hf_access *rule(const char *clients, enum hf_access_action action)
{
	static const struct hf_dns64_table none;
	struct hf_access_rule one = {.verdict.action = action};
	struct hf_access *access;

	assert_null(hf_prefix_from_text(clients, &one.clients));
	access = hf_access_new(&one, 1, (struct hf_access_verdict){0}, &none);
	assert_non_null(access);
	return access;
}

static void load(struct bench *bench, const void *bytes, size_t length)
{
	memcpy(bench->packet, bytes, length);
	bench->request = (struct hf_request){
		.packet = bench->packet,
		.length = length,
		.reply = bench->reply,
		.capacity = sizeof(bench->reply),
		.client = {.family = 4, .port = 40000, .bytes = {192, 0, 2, 1}},
	};
}

static void ask(struct bench *bench, struct hf_now at)
{
	hf_serve_burst(bench->serve, &bench->request, 1, at);
	rcu_quiescent_state();
}

/* An answer for www.example. and this type and class into the answer cache: 192.0.2.7, or as many octets as AAAA has. */
static void know_type(struct bench *bench, uint16_t type, uint8_t reply_class, uint32_t ttl)
{
	uint8_t name[16] = WWW;
	struct hf_arena *arena = hf_arena_new(65536);
	const struct hf_rdata rdata = {.bytes = (const uint8_t *)"\300\0\2\7\0\0\0\0\0\0\0\0\0\0\0\1",
				       .length = type == HF_TYPE_A ? 4 : 16};
	const struct hf_rrset *set = hf_rrset_make(arena, name, type, HF_CLASS_IN, ttl, &rdata, 1, 0);
	struct hf_answer answer = {.sections = {&set}, .section_counts = {1}};
	union {
		struct hf_answer_record record;
		uint8_t bytes[1024];
	} out;

	assert_non_null(set);
	assert_true(hf_answer_compose(&answer, bench->dispatch.secret, name, type, HF_CLASS_IN, reply_class, 86400, now,
				      &out.record, sizeof(out)) > 0);
	assert_true(hf_cache_put_answer(bench->cache, &out.record, now));
	hf_arena_free(arena);
}

static void know(struct bench *bench, uint32_t ttl)
{
	know_type(bench, HF_TYPE_A, 0, ttl);
}

#define COUNTER(field) offsetof(struct hf_counters, field)
#define HEAD(flags) "\x12\x34" flags "\0\1\0\0\0\0\0\0"
#define RD "\1\0"
#define IN_A "\0\1\0\1"

static const struct row {
	const char *what;
	const char *bytes;
	size_t length;
	uint16_t client_port;
	enum hf_outcome outcome;
	int rcode; /* of the reply's header */
	size_t counter;
} rows[] = {
#define ROW(what, bytes, ...)                               \
	{                                                   \
		what, bytes, sizeof(bytes) - 1, __VA_ARGS__ \
	}
	ROW("an ordinary question that is not cached", HEAD(RD) WWW IN_A, 4000, HF_OUTCOME_MISS, 0, COUNTER(queries)),
	ROW("too short for a header", "\x12\x34\1\0\0\1", 4000, HF_OUTCOME_DROP, 0, COUNTER(drops[HF_DROP_malformed])),
	ROW("nothing at all", "", 4000, HF_OUTCOME_DROP, 0, COUNTER(drops[HF_DROP_malformed])),
	ROW("a response", HEAD("\x81\x80") WWW IN_A, 4000, HF_OUTCOME_DROP, 0, COUNTER(drops[HF_DROP_response])),
	ROW("source port 53", HEAD(RD) WWW IN_A, 53, HF_OUTCOME_DROP, 0, COUNTER(drops[HF_DROP_source_port])),
	ROW("source port 0", HEAD(RD) WWW IN_A, 0, HF_OUTCOME_DROP, 0, COUNTER(drops[HF_DROP_source_port])),
	ROW("octets behind the question", HEAD(RD) WWW IN_A "x", 4000, HF_OUTCOME_REPLY, HF_RCODE_FORMERR,
	    COUNTER(formerr)),
	ROW("no question", "\x12\x34\1\0\0\0\0\0\0\0\0\0", 4000, HF_OUTCOME_REPLY, HF_RCODE_FORMERR, COUNTER(formerr)),
	ROW("a compressed question", HEAD(RD) "\300\14" IN_A, 4000, HF_OUTCOME_REPLY, HF_RCODE_FORMERR,
	    COUNTER(formerr)),
	ROW("QTYPE OPT", HEAD(RD) WWW "\0\51\0\1", 4000, HF_OUTCOME_REPLY, HF_RCODE_FORMERR, COUNTER(formerr)),
	ROW("opcode NOTIFY", HEAD("\x20\0") WWW IN_A, 4000, HF_OUTCOME_REPLY, HF_RCODE_NOTIMP, COUNTER(notimp)),
	ROW("opcode UPDATE", HEAD("\x28\0") WWW IN_A, 4000, HF_OUTCOME_REPLY, HF_RCODE_NOTIMP, COUNTER(notimp)),
	ROW("EDNS version 1", "\x12\x34\1\0\0\1\0\0\0\0\0\1" WWW IN_A "\0\0\51\4\320\0\1\0\0\0\0", 4000,
	    HF_OUTCOME_REPLY, HF_RCODE_BADVERS & 15, COUNTER(badvers)),
	ROW("RD not set", HEAD("\0\0") WWW IN_A, 4000, HF_OUTCOME_REPLY, HF_RCODE_REFUSED,
	    COUNTER(refused_no_recursion)),
	ROW("class CH", HEAD(RD) "\7version\4bind\0\0\20\0\3", 4000, HF_OUTCOME_REPLY, HF_RCODE_REFUSED,
	    COUNTER(refused_class)),
	ROW("class ANY", HEAD(RD) WWW "\0\1\0\377", 4000, HF_OUTCOME_REPLY, HF_RCODE_REFUSED, COUNTER(refused_class)),
	ROW("AXFR", HEAD(RD) WWW "\0\374\0\1", 4000, HF_OUTCOME_REPLY, HF_RCODE_REFUSED, COUNTER(refused_transfer)),
#undef ROW
};

static void every_kind_of_message_has_its_way_out(void **state)
{
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		const _Atomic uint64_t *counter =
			(const _Atomic uint64_t *)((const char *)&bench->serve->counters + row->counter);
		uint64_t before = hf_counter_read(counter);

		load(bench, row->bytes, row->length);
		bench->request.client.port = row->client_port;
		ask(bench, now);
		if (bench->request.outcome != row->outcome)
			fail_msg("%s: outcome %d", row->what, bench->request.outcome);
		if (hf_counter_read(counter) != before + 1)
			fail_msg("%s: its counter did not move", row->what);
		if (row->outcome != HF_OUTCOME_REPLY)
			continue;
		if ((bench->reply[3] & 15) != row->rcode)
			fail_msg("%s: rcode %d", row->what, bench->reply[3] & 15);
		assert_true(bench->request.reply_length >= HF_HEADER_SIZE);
		assert_memory_equal(bench->reply, "\x12\x34", 2);
		assert_true(bench->reply[2] & 0x80);
	}
}

static void without_rd_the_cache_is_shown_only_if_allowed(void **state)
{
	struct bench *bench = *state;

	know(bench, 300);
	load(bench, HEAD("\0\0") WWW IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, now);
	assert_int_equal(bench->reply[3] & 15, HF_RCODE_REFUSED);
	atomic_store(&bench->settings.access, bench->access = rule("192.0.2.0/24", HF_ACCESS_ALLOW_SNOOP));
	atomic_store(&bench->settings.prefetch, true);
	ask(bench, now);
	assert_int_equal(bench->reply[3] & 15, HF_RCODE_NOERROR);
	assert_int_equal(bench->reply[7], 1);
	assert_null(hf_mailbox_take(&bench->resolver));
}

/* What is refused is not looked at, whatever it is; what is dropped neither, and neither shows in the cache's figures. */
static void a_client_gets_what_its_rule_says(void **state)
{
	struct bench *bench = *state;
	struct hf_counters *counters = &bench->serve->counters;
	static const uint8_t prohibited[] = {0, 15, 0, 2, 0, 18}; /* EDE 18, RFC 8914 §4.19 */
	struct hf_access *drops = rule("192.0.2.1", HF_ACCESS_DROP);
	struct hf_address other = {.family = 4, .port = 40000, .bytes = {192, 0, 2, 2}};

	know(bench, 300);
	bench->access = rule("192.0.2.0/24", HF_ACCESS_REFUSE);
	atomic_store(&bench->settings.access, bench->access);
	load(bench, "\x12\x34\1\0\0\1\0\0\0\0\0\1" WWW IN_A "\0\0\51\4\320\0\0\0\0\0\0", 12 + WWW_LENGTH + 4 + 11);
	ask(bench, now);
	assert_int_equal(bench->request.outcome, HF_OUTCOME_REPLY);
	assert_int_equal(bench->reply[3] & 15, HF_RCODE_REFUSED);
	assert_memory_equal(bench->reply + bench->request.reply_length - sizeof(prohibited), prohibited, sizeof(prohibited));
	load(bench, HEAD("\x28\0") WWW IN_A, 12 + WWW_LENGTH + 4); /* UPDATE */
	ask(bench, now);
	assert_int_equal(bench->reply[3] & 15, HF_RCODE_REFUSED);
	load(bench, HEAD(RD) WWW IN_A "x", 12 + WWW_LENGTH + 5);
	ask(bench, now);
	assert_int_equal(bench->reply[3] & 15, HF_RCODE_REFUSED);
	assert_int_equal(hf_counter_read(&counters->refused_client), 3);
	assert_int_equal(hf_counter_read(&counters->cache_hits), 0);
	/* No answer to an answer. */
	load(bench, HEAD("\x81\x80") WWW IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, now);
	assert_int_equal(bench->request.outcome, HF_OUTCOME_DROP);
	assert_int_equal(hf_counter_read(&counters->drops[HF_DROP_response]), 1);

	atomic_store(&bench->settings.access, drops);
	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, now);
	assert_int_equal(bench->request.outcome, HF_OUTCOME_DROP);
	assert_int_equal(hf_counter_read(&counters->drops[HF_DROP_access]), 1);
	assert_true(hf_serve_drops(bench->serve, &bench->request.client));
	assert_int_equal(hf_counter_read(&counters->drops[HF_DROP_access]), 2);
	assert_false(hf_serve_drops(bench->serve, &other));
	bench->request.client = other;
	ask(bench, now);
	assert_int_equal(bench->request.outcome, HF_OUTCOME_REPLY);
	assert_int_equal(hf_counter_read(&counters->cache_hits), 1);
	hf_access_free(drops);
}

/* The question of a client with DNS64 is another question, and no business of the kernel's table. */
static void dns64_is_part_of_the_question(void **state)
{
	struct bench *bench = *state;
	struct hf_dns64_table dns64 = {0};
	struct hf_access_rule with = {.verdict = {HF_ACCESS_ALLOW, 0}};
	struct hf_prefix prefix;

	assert_null(hf_prefix_from_text("192.0.2.1", &with.clients));
	assert_null(hf_prefix_from_text("64:ff9b::/96", &prefix));
	with.verdict.dns64 = (uint8_t)hf_dns64_number(&dns64, &prefix);
	bench->access = hf_access_new(&with, 1, (struct hf_access_verdict){0}, &dns64);
	know(bench, 300);
	know_type(bench, HF_TYPE_AAAA, 0, 300);
	know_type(bench, HF_TYPE_AAAA, 1 << HF_REPLY_DNS64_SHIFT, 300);
	load(bench, HEAD(RD) WWW "\0\34\0\1", 12 + WWW_LENGTH + 4);
	ask(bench, now);
	assert_int_equal(bench->request.query.reply_class, 0);
	assert_int_equal(hf_counter_read(&bench->serve->counters.promotions), 1);
	atomic_store(&bench->settings.access, bench->access);
	ask(bench, now);
	assert_int_equal(bench->request.outcome, HF_OUTCOME_REPLY);
	assert_int_equal(bench->request.query.reply_class, 1 << HF_REPLY_DNS64_SHIFT);
	assert_int_equal(hf_counter_read(&bench->serve->counters.promotions), 1);
	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, now);
	assert_int_equal(bench->request.query.reply_class, 0);
	assert_int_equal(hf_counter_read(&bench->serve->counters.promotions), 2);
	assert_int_equal(hf_counter_read(&bench->serve->counters.cache_hits), 3);
	load(bench, HEAD("\1\20") WWW "\0\34\0\1", 12 + WWW_LENGTH + 4); /* CD */
	ask(bench, now);
	assert_int_equal(bench->request.outcome, HF_OUTCOME_MISS);
	assert_int_equal(bench->request.query.reply_class, 1 << HF_REPLY_DNS64_SHIFT | HF_REPLY_CD);
}

static void source_port_53_is_fine_over_tcp(void **state)
{
	struct bench *bench = *state;

	bench->serve->tcp = true;
	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	bench->request.client.port = 53;
	ask(bench, now);
	assert_int_equal(bench->request.outcome, HF_OUTCOME_MISS);
	assert_int_equal(hf_counter_read(&bench->serve->counters.queries_tcp), 1);
}

static void answers_from_the_cache_in_the_clients_spelling(void **state)
{
	struct bench *bench = *state;
	struct hf_now later = now;

	know(bench, 300);
	later.mono_ns += 100 * HF_NS_PER_SECOND;
	load(bench, HEAD(RD) "\3wWW\7eXample\0" IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, later);
	assert_int_equal(bench->request.outcome, HF_OUTCOME_REPLY);
	assert_int_equal(hf_counter_read(&bench->serve->counters.cache_hits), 1);
	assert_memory_equal(bench->reply + 12, "\3wWW\7eXample\0", WWW_LENGTH);
	/* pointer to the question, A, IN, TTL 200, 4 octets */
	assert_int_equal(bench->request.reply_length, 12 + WWW_LENGTH + 4 + 16);
	assert_memory_equal(bench->reply + 12 + WWW_LENGTH + 4, "\300\14\0\1\0\1\0\0\0\310\0\4\300\0\2\7", 16);
}

static void a_reply_in_place_is_the_same_reply(void **state)
{
	struct bench *bench = *state;
	uint8_t apart[HF_TICKET_REPLY_MAX];
	size_t length;

	know(bench, 300);
	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, now);
	length = bench->request.reply_length;
	memcpy(apart, bench->reply, length);
	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	bench->request.reply = bench->packet;
	bench->request.capacity = sizeof(bench->packet);
	ask(bench, now);
	assert_int_equal(bench->request.reply_length, length);
	assert_memory_equal(bench->packet, apart, length);
}

static void a_miss_goes_to_the_resolver_and_its_answer_comes_home(void **state)
{
	struct bench *bench = *state;
	struct hf_ticket *ticket;

	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, now);
	ticket = hf_serve_take_ticket(bench->serve, &bench->request, now);
	assert_non_null(ticket);
	hf_serve_submit(bench->serve, ticket);
	assert_null(hf_serve_next_answer(bench->serve));
	assert_ptr_equal(hf_mailbox_take(&bench->resolver), &ticket->mail);
	assert_int_equal(ticket->mail.kind, HF_MAIL_QUESTION);
	assert_int_equal(ticket->client.port, 40000);
	ticket->reply = ticket->inline_reply;
	ticket->reply_length = 12;
	hf_mailbox_post(ticket->mail.home, &ticket->mail);
	assert_ptr_equal(hf_serve_next_answer(bench->serve), ticket);
	hf_serve_answered(bench->serve, ticket);
	hf_serve_release(bench->serve, ticket);
	assert_int_equal(hf_counter_read(&bench->serve->counters.misses), 1);
	assert_int_equal(hf_counter_read(&bench->serve->counters.answered_misses), 1);
}

static void too_many_misses_are_dropped_and_counted(void **state)
{
	struct bench *bench = *state;

	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	for (int i = 0; i < 3; i++) {
		ask(bench, now);
		assert_int_equal(bench->request.outcome, HF_OUTCOME_MISS);
		assert_int_equal(hf_serve_take_ticket(bench->serve, &bench->request, now) != NULL, i < 2);
	}
	assert_int_equal(hf_counter_read(&bench->serve->counters.drops[HF_DROP_tickets_exhausted]), 1);
	assert_int_equal(hf_counter_read(&bench->serve->counters.replies), 0);
}

static void a_client_with_too_many_unanswered_is_dropped_and_counted(void **state)
{
	struct bench *bench = *state;
	struct hf_ticket *ticket;

	atomic_store(&bench->settings.wait_limit, 1);
	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, now);
	ticket = hf_serve_take_ticket(bench->serve, &bench->request, now);
	assert_non_null(ticket);
	assert_null(hf_serve_take_ticket(bench->serve, &bench->request, now));
	assert_int_equal(hf_counter_read(&bench->serve->counters.drops[HF_DROP_client_share]), 1);
	hf_serve_release(bench->serve, ticket);
	assert_non_null(hf_serve_take_ticket(bench->serve, &bench->request, now));
}

/* What the resolver thread leaves unanswered for its age is counted as that, not as a fault. */
static void a_late_answer_is_counted_and_not_sent(void **state)
{
	struct bench *bench = *state;
	struct hf_ticket *ticket;

	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, now);
	ticket = hf_serve_take_ticket(bench->serve, &bench->request, now);
	assert_non_null(ticket);
	ticket->too_late = true;
	hf_serve_answered(bench->serve, ticket);
	hf_serve_release(bench->serve, ticket);
	assert_int_equal(hf_counter_read(&bench->serve->counters.drops[HF_DROP_too_late]), 1);
	assert_int_equal(hf_counter_read(&bench->serve->counters.drops[HF_DROP_no_reply]), 0);
	assert_int_equal(hf_counter_read(&bench->serve->counters.answered_misses), 0);
}

static void a_hit_in_the_last_tenth_refetches_once(void **state)
{
	struct bench *bench = *state;
	struct hf_now later = now;
	struct hf_mail *mail;

	know(bench, 100);
	atomic_store(&bench->settings.prefetch, true);
	later.mono_ns += 89 * HF_NS_PER_SECOND;
	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, later);
	assert_null(hf_mailbox_take(&bench->resolver));
	later.mono_ns += 2 * HF_NS_PER_SECOND;
	for (int i = 0; i < 3; i++)
		ask(bench, later);
	mail = hf_mailbox_take(&bench->resolver);
	assert_non_null(mail);
	assert_int_equal(mail->kind, HF_MAIL_PREFETCH);
	assert_null(hf_mailbox_take(&bench->resolver));
	assert_int_equal(hf_counter_read(&bench->serve->counters.prefetches), 1);
	/* It comes home unanswered and is not taken for an answer. */
	hf_mailbox_post(mail->home, mail);
	assert_null(hf_serve_next_answer(bench->serve));
	assert_int_equal(hf_ticket_pool_available(bench->serve->tickets), 2);
}

static void a_setting_switches_refetching_off(void **state)
{
	struct bench *bench = *state;
	struct hf_now later = now;

	know(bench, 100);
	later.mono_ns += 95 * HF_NS_PER_SECOND;
	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, later);
	assert_int_equal(bench->request.outcome, HF_OUTCOME_REPLY);
	assert_null(hf_mailbox_take(&bench->resolver));
}

static void a_hit_is_offered_to_the_kernel_once_a_second(void **state)
{
	struct bench *bench = *state;
	const struct hf_promotion_offer *offer;
	struct hf_now later = now;

	know(bench, 300);
	load(bench, HEAD(RD) WWW IN_A, 12 + WWW_LENGTH + 4);
	ask(bench, now);
	ask(bench, now);
	offer = hf_promotion_peek(bench->promotion);
	assert_non_null(offer);
	assert_int_equal(offer->qtype, HF_TYPE_A);
	assert_int_equal(offer->name_length, WWW_LENGTH);
	assert_memory_equal(offer->name, WWW "\0\0", 16);
	hf_promotion_done(bench->promotion);
	assert_null(hf_promotion_peek(bench->promotion));
	later.mono_ns += HF_NS_PER_SECOND;
	ask(bench, later);
	assert_non_null(hf_promotion_peek(bench->promotion));
}

static void a_full_ring_takes_no_more_offers(void **state)
{
	struct hf_promotion *ring = hf_promotion_new(4);
	uint8_t name[8] = "\1a\0";

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(hf_promotion_offer(ring, name, 3, (uint16_t)(i + 1), HF_CLASS_IN, 0));
	assert_false(hf_promotion_offer(ring, name, 3, 9, HF_CLASS_IN, 0));
	for (int i = 0; i < 4; i++) {
		assert_int_equal(hf_promotion_peek(ring)->qtype, i + 1);
		hf_promotion_done(ring);
	}
	assert_null(hf_promotion_peek(ring));
	assert_true(hf_promotion_offer(ring, name, 3, 9, HF_CLASS_IN, 0));
	hf_promotion_free(ring);
}

static void equal_questions_go_to_one_resolver_thread(void **state)
{
	struct hf_mailbox boxes[4], *pointers[4] = {&boxes[0], &boxes[1], &boxes[2], &boxes[3]};
	struct hf_dispatch dispatch = {
		.count = 4, .mailboxes = pointers, .secret = {0x243f6a8885a308d3, 0x13198a2e03707344}};
	unsigned used = 0;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		uint8_t name[8] = {1, (uint8_t)('a' + i % 26), 0};
		uint16_t type = (uint16_t)(1 + i / 26);
		struct hf_mailbox *first = hf_dispatch_pick(&dispatch, name, 3, type, HF_CLASS_IN);

		assert_true(first >= boxes && first < boxes + 4);
		assert_ptr_equal(hf_dispatch_pick(&dispatch, name, 3, type, HF_CLASS_IN), first);
		used |= 1u << (first - boxes);
	}
	assert_int_equal(used, 15);
}

#define FACT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(every_kind_of_message_has_its_way_out),
		FACT(without_rd_the_cache_is_shown_only_if_allowed),
		FACT(a_client_gets_what_its_rule_says),
		FACT(dns64_is_part_of_the_question),
		FACT(source_port_53_is_fine_over_tcp),
		FACT(answers_from_the_cache_in_the_clients_spelling),
		FACT(a_reply_in_place_is_the_same_reply),
		FACT(a_miss_goes_to_the_resolver_and_its_answer_comes_home),
		FACT(too_many_misses_are_dropped_and_counted),
		FACT(a_client_with_too_many_unanswered_is_dropped_and_counted),
		FACT(a_late_answer_is_counted_and_not_sent),
		FACT(a_hit_in_the_last_tenth_refetches_once),
		FACT(a_setting_switches_refetching_off),
		FACT(a_hit_is_offered_to_the_kernel_once_a_second),
		cmocka_unit_test(a_full_ring_takes_no_more_offers),
		cmocka_unit_test(equal_questions_go_to_one_resolver_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
