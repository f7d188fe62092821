// SPDX-License-Identifier: BSD-3-Clause
/* A resolution with each of its allocations failing in turn: the client gets its one answer, SERVFAIL at worst, nothing stays
 * open, and (as the sanitizers see) nothing leaks. */
#include <stdbool.h>
#include <stddef.h>

static bool armed;
static long allowed; /* allocations until one fails; then all go well again */

#define IN_RESOLVER(call)      \
	do {                   \
		armed = true;  \
		call;          \
		armed = false; \
	} while (0)
#include "resolver_world.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool fails(void)
{
	return armed && allowed-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

/* A root that delegates example.com. to a server without glue, whose zone it serves itself. */
static void serve(struct world *w)
{
	struct world_send *send = last_sent(w);
	const struct hf_address root = address_of(ROOT);
	uint8_t qname[HF_NAME_MAX];
	size_t offset = 12;

	assert_int_not_equal(hf_name_parse(send->message, send->length, &offset, qname), 0);
	if (!hf_address_equal(&send->server, &root))
		reply(w, HF_FLAG_AA, 0, "an www.example.com. 300 CNAME b.example.com.", "an b.example.com. 60 A 203.0.113.1",
		      NULL);
	else if (hf_name_equal(qname, wire_name(w, "ns.other.org.")))
		reply(w, HF_FLAG_AA, 0, "an ns.other.org. 3600 A 192.0.2.30", NULL);
	else
		reply(w, 0, 0, "ns example.com. 3600 NS ns.other.org.", NULL);
}

/* Returns how many allocations were asked for while in the resolver. */
static long resolve(long failing, unsigned *rcode)
{
	struct world *w = world_new(NULL);
	struct hf_resolver_stats stats;
	long used;

	allowed = failing;
	world_ask(w, 1, "www.example.com.", HF_TYPE_A);
	for (int i = 0; i < 50 && !w->answer_count; i++) {
		if (open_sends(w))
			serve(w);
		else
			pass_ms(w, 7000);
	}
	used = failing - allowed;
	assert_int_equal(w->answer_count, 1);
	*rcode = w->answers[0].message.rcode;
	pass_ms(w, 60000);
	assert_int_equal(w->answer_count, 1);
	stats = world_stats(w);
	assert_int_equal(stats.clients_waiting + stats.fetches_running + stats.exchanges_open, 0);
	world_free(w);
	return used;
}

static void each_failing_allocation_costs_one_answer_at_most(void **state)
{
	unsigned rcode, servfails = 0;
	long total;

	(void)state;
	total = resolve(1000000, &rcode);
	assert_int_equal(rcode, HF_RCODE_NOERROR);
	assert_true(total > 10);
	for (long failing = 0; failing < total; failing++) {
		resolve(failing, &rcode);
		assert_true(rcode == HF_RCODE_NOERROR || rcode == HF_RCODE_SERVFAIL);
		servfails += rcode == HF_RCODE_SERVFAIL;
	}
	assert_true(servfails > 0); /* the failures did bite */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_failing_allocation_costs_one_answer_at_most)};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
