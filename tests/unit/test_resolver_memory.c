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

static bool fails(void)
{
	return armed && allowed-- == 0;
}

#include "scarce_memory.h"

/* A root that delegates example.com. to a server without glue, whose zone it serves itself. */
static void serve(struct world *w)
{
	struct world_send *send = last_sent(w);
	const struct hf_address root = address_of(ROOT);
	uint8_t qname[HF_NAME_MAX];
	size_t offset = 12;

	assert_int_not_equal(hf_name_parse(send->message, send->length, &offset, qname), 0);
	if (send->message[offset + 1] == HF_TYPE_AAAA && !hf_address_equal(&send->server, &root))
		reply(w, HF_FLAG_AA, 0, "au example.com. 60 SOA ns.other.org. hostmaster.example.com. 1 3600 600 86400 60", NULL);
	else if (!hf_address_equal(&send->server, &root))
		reply(w, HF_FLAG_AA, 0, "an www.example.com. 300 CNAME b.example.com.", "an b.example.com. 60 A 203.0.113.1",
		      NULL);
	else if (hf_name_equal(qname, wire_name(w, "ns.other.org.")))
		reply(w, HF_FLAG_AA, 0, "an ns.other.org. 3600 A 192.0.2.30", NULL);
	else
		reply(w, 0, 0, "ns example.com. 3600 NS ns.other.org.", NULL);
}

static void with_dns64(struct hf_resolver_config *config)
{
	struct hf_prefix prefix;

	assert_null(hf_prefix_from_text("64:ff9b::/96", &prefix));
	assert_int_equal(hf_dns64_number(&config->dns64, &prefix), 1);
}

/* Returns how many allocations were asked for while in the resolver. `type` AAAA: for a client with DNS64. */
static long resolve(long failing, uint16_t type, unsigned *rcode)
{
	struct world *w = world_new(with_dns64);
	struct hf_resolver_stats stats;
	long used;

	allowed = failing;
	w->reply_class = type == HF_TYPE_AAAA ? 1 << HF_REPLY_DNS64_SHIFT : 0;
	world_ask(w, 1, "www.example.com.", type);
	for (int i = 0; i < 50 && !w->answer_count; i++) {
		if (open_sends(w))
			serve(w);
		else
			pass_ms(w, 7000);
	}
	used = failing - allowed;
	assert_int_equal(w->answer_count, 1);
	*rcode = w->answers[0].message.rcode;
	/* Never half of it: an alias and an address, or nothing. */
	assert_int_equal(w->answers[0].message.section_counts[HF_SECTION_ANSWER], *rcode == HF_RCODE_NOERROR ? 2 : 0);
	pass_ms(w, 60000);
	assert_int_equal(w->answer_count, 1);
	stats = world_stats(w);
	assert_int_equal(stats.clients_waiting + stats.fetches_running + stats.exchanges_open, 0);
	world_free(w);
	return used;
}

static void try_each(uint16_t type)
{
	unsigned rcode, servfails = 0;
	long total;

	total = resolve(1000000, type, &rcode);
	assert_int_equal(rcode, HF_RCODE_NOERROR);
	assert_true(total > 10);
	for (long failing = 0; failing < total; failing++) {
		resolve(failing, type, &rcode);
		assert_true(rcode == HF_RCODE_NOERROR || rcode == HF_RCODE_SERVFAIL);
		servfails += rcode == HF_RCODE_SERVFAIL;
	}
	assert_true(servfails > 0); /* the failures did bite */
}

static void each_failing_allocation_costs_one_answer_at_most(void **state)
{
	(void)state;
	try_each(HF_TYPE_A);
}

static void so_it_does_where_dns64_makes_the_answer(void **state)
{
	(void)state;
	try_each(HF_TYPE_AAAA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failing_allocation_costs_one_answer_at_most),
		cmocka_unit_test(so_it_does_where_dns64_makes_the_answer),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
