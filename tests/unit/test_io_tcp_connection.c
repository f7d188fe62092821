// SPDX-License-Identifier: BSD-3-Clause
/* io/tcp_connection.c: clients that do not read what they asked for. Sockets are pairs; the resolver thread is the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <urcu-qsbr.h>
#include "io/tcp.h"
#include "io/tcp_connection.h"

/* Behind a stream's length: an UPDATE, which gets a NOTIMP of twelve octets; and a question that is not cached. */
static const uint8_t update[14] = "\0\14\x12\x34\x28\0\0\0\0\0\0\0\0";
static const uint8_t miss[31] = "\0\35\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1";

struct bench {
	struct hf_cache *cache;
	struct hf_serve_settings settings;
	struct hf_mailbox resolver;
	struct hf_mailbox *mailboxes[1];
	struct hf_dispatch dispatch;
	struct hf_serve *serve;
	struct hf_tcp_connections *connections;
	struct hf_clients clients;
	struct hf_now now;
	int epoll_fd;
};

static int setup_slots(void **state, unsigned slots)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct hf_cache_config config = {
		.bytes = 4 << 20, .answer_share = 50, .max_ttl = 86400, .max_negative_ttl = 3600, .secret = {1, 2}};

	rcu_register_thread();
	bench->cache = hf_cache_new(&config);
	bench->settings.edns_size = 1232;
	atomic_store(&bench->settings.clients, &bench->clients);
	assert_true(hf_mailbox_init(&bench->resolver));
	bench->mailboxes[0] = &bench->resolver;
	bench->dispatch = (struct hf_dispatch){.count = 1, .mailboxes = bench->mailboxes, .secret = {1, 2}};
	bench->serve = hf_serve_new(bench->cache, &bench->settings, &bench->dispatch, 64, NULL, true);
	assert_non_null(bench->serve);
	bench->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	bench->connections = hf_tcp_connections_new(bench->epoll_fd, bench->serve, slots, 10000);
	assert_non_null(bench->connections);
	bench->now.mono_ns = 1000 * HF_NS_PER_SECOND;
	hf_tcp_connections_set_now(bench->connections, bench->now);
	*state = bench;
	return 0;
}

static int setup(void **state)
{
	return setup_slots(state, 1);
}

static int setup_eight(void **state)
{
	return setup_slots(state, 8);
}

static int setup_many(void **state)
{
	return setup_slots(state, 80);
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	hf_tcp_connections_free(bench->connections);
	close(bench->epoll_fd);
	hf_serve_free(bench->serve);
	hf_mailbox_fini(&bench->resolver);
	rcu_unregister_thread();
	hf_cache_free(bench->cache);
	free(bench);
	return 0;
}

/* A client that the listener has just accepted; returns its end. */
static int connect_from(struct bench *bench, const char *source)
{
	struct hf_address address;
	union hf_sockaddr remote;
	int ends[2], small = 1;

	assert_true(hf_address_from_text(source, 4000, &address));
	hf_sockaddr_from_address(&address, &remote);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	hf_tcp_connections_admit(bench->connections, ends[0], &remote);
	return ends[1];
}

static int connect_client(struct bench *bench)
{
	return connect_from(bench, "192.0.2.1");
}

static void turn(struct bench *bench)
{
	struct epoll_event events[16];
	int count = epoll_wait(bench->epoll_fd, events, 16, 0);

	for (int i = 0; i < count; i++)
		hf_tcp_connections_ready(bench->connections, events[i].data.u64, events[i].events);
	rcu_quiescent_state();
}

/* Sends so many times the same query, and lets the listener read it. */
static void say(struct bench *bench, int client, const uint8_t *query, size_t length, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		assert_int_equal(send(client, query, length, MSG_NOSIGNAL), length);
		turn(bench);
	}
}

static void pass_ms(struct bench *bench, uint64_t ms)
{
	bench->now.mono_ns += ms * HF_NS_PER_MS;
	hf_tcp_connections_set_now(bench->connections, bench->now);
}

static uint64_t slow_readers(const struct bench *bench)
{
	return hf_counter_read(&bench->serve->counters.drops[HF_DROP_tcp_slow_reader]);
}

static void a_client_that_does_not_read_gives_way_to_a_new_one(void **state)
{
	struct bench *bench = *state;
	uint8_t octets[512];
	int stuck = connect_client(bench), next;

	say(bench, stuck, update, sizeof(update), 2000);
	next = connect_client(bench); /* at once, the first is not to blame yet */
	assert_int_equal(hf_counter_read(&bench->serve->counters.drops[HF_DROP_tcp_clients]), 1);
	close(next);
	for (int i = 0; i < 5; i++) { /* it takes a little now and then, so that it is never idle */
		pass_ms(bench, 1000);
		assert_true(recv(stuck, octets, 4 * sizeof(update), 0) > 0);
		turn(bench);
	}
	next = connect_client(bench);
	assert_int_equal(slow_readers(bench), 1);
	say(bench, next, update, sizeof(update), 1);
	assert_int_equal(recv(next, octets, sizeof(octets), 0), sizeof(update));
	close(stuck);
	close(next);
}

static void answers_that_nobody_reads_do_not_pile_up(void **state)
{
	struct bench *bench = *state;
	int client = connect_client(bench);
	struct hf_mail *mail;
	unsigned answered = 0;

	say(bench, client, miss, sizeof(miss), HF_TCP_PIPELINE);
	while ((mail = hf_mailbox_take(&bench->resolver))) {
		struct hf_ticket *ticket = (struct hf_ticket *)mail;

		ticket->reply = calloc(1, 60000);
		ticket->reply_length = 60000;
		hf_mailbox_post(mail->home, mail);
		answered++;
	}
	assert_int_equal(answered, HF_TCP_PIPELINE);
	while (hf_tcp_connections_take_answers(bench->connections))
		;
	assert_int_equal(hf_tcp_connections_count(bench->connections), 0);
	assert_int_equal(slow_readers(bench), 1);
	assert_int_equal(hf_ticket_pool_available(bench->serve->tickets), 64);
	close(client);
}

/* The listener's end is closed. */
static bool is_closed(int client)
{
	uint8_t octet;

	return recv(client, &octet, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static uint64_t dropped(const struct bench *bench, enum hf_drop reason)
{
	return hf_counter_read(&bench->serve->counters.drops[reason]);
}

/* What the resolver threads have got is answered with so many octets of nothing. */
static unsigned answer_all(struct bench *bench, size_t length)
{
	struct hf_mail *mail;
	unsigned answered = 0;

	while ((mail = hf_mailbox_take(&bench->resolver))) {
		struct hf_ticket *ticket = (struct hf_ticket *)mail;

		ticket->reply = calloc(1, length);
		ticket->reply_length = (uint32_t)length;
		hf_mailbox_post(mail->home, mail);
		answered++;
	}
	while (hf_tcp_connections_take_answers(bench->connections))
		;
	return answered;
}

static void a_client_that_waits_for_slow_names_gives_way(void **state)
{
	struct bench *bench = *state;
	int slow = connect_client(bench), next;

	say(bench, slow, miss, sizeof(miss), 1);
	next = connect_from(bench, "192.0.2.2"); /* at once: who waits a moment is not to blame */
	assert_true(is_closed(next));
	assert_int_equal(dropped(bench, HF_DROP_tcp_clients), 1);
	close(next);
	/* More such questions do not renew its right. */
	pass_ms(bench, 600);
	say(bench, slow, miss, sizeof(miss), 1);
	pass_ms(bench, 600);
	next = connect_from(bench, "192.0.2.2");
	assert_true(is_closed(slow));
	assert_int_equal(hf_counter_read(&bench->serve->counters.tcp_displaced), 1);
	/* Its answers come too late, and not to the one in its place. */
	assert_int_equal(answer_all(bench, 100), 2);
	assert_int_equal(dropped(bench, HF_DROP_client_gone), 2);
	assert_false(is_closed(next));
	say(bench, next, update, sizeof(update), 1);
	assert_int_equal(recv(next, (uint8_t[64]){0}, 64, 0), sizeof(update));
	close(slow);
	close(next);
}

static void a_client_whose_answers_come_does_not_give_way(void **state)
{
	struct bench *bench = *state;
	int busy = connect_client(bench), next;

	for (int i = 0; i < 5; i++) {
		say(bench, busy, miss, sizeof(miss), 2);
		pass_ms(bench, 600);
		assert_true(answer_all(bench, 100) > 0);
		say(bench, busy, miss, sizeof(miss), 1);
	}
	next = connect_from(bench, "192.0.2.2");
	assert_true(is_closed(next));
	close(busy);
	close(next);
}

static void one_source_has_a_share_of_the_slots(void **state)
{
	struct bench *bench = *state;
	int first, second, third, other, site, neighbour, stranger;

	bench->clients.tcp_per_source = 2;
	first = connect_from(bench, "192.0.2.1");
	second = connect_from(bench, "192.0.2.1:5000");
	other = connect_from(bench, "192.0.2.2");
	assert_int_equal(hf_tcp_connections_count(bench->connections), 3);
	pass_ms(bench, 10);
	say(bench, first, update, sizeof(update), 1);
	/* The longest idle of the same source gives way, although there are free slots. */
	third = connect_from(bench, "192.0.2.1");
	assert_true(!is_closed(first) && is_closed(second) && !is_closed(third) && !is_closed(other));
	assert_int_equal(hf_tcp_connections_count(bench->connections), 3);
	/* Both at work: one too many. */
	say(bench, first, miss, sizeof(miss), 1);
	say(bench, third, miss, sizeof(miss), 1);
	close(second);
	second = connect_from(bench, "192.0.2.1");
	assert_true(is_closed(second));
	assert_int_equal(dropped(bench, HF_DROP_tcp_source), 1);
	/* An IPv6 site is one source. */
	site = connect_from(bench, "2001:db8:1:2::1");
	neighbour = connect_from(bench, "2001:db8:1:2:ffff::1");
	stranger = connect_from(bench, "2001:db8:1:3::1");
	close(second);
	second = connect_from(bench, "2001:db8:1:2:3:4:5:6");
	assert_true(is_closed(site) != is_closed(neighbour));
	assert_true(!is_closed(second) && !is_closed(stranger));
	bench->clients.tcp_per_source = 0;
	close(site);
	site = connect_from(bench, "2001:db8:1:2::1");
	assert_int_equal(hf_tcp_connections_count(bench->connections), 7);
	for (const int *fd = (const int[]){first, second, third, other, site, neighbour, stranger, -1}; *fd >= 0; fd++)
		close(*fd);
}

/* A thousand connections one after the other do not push out a neighbour. */
static void a_storm_of_reconnects_pushes_out_its_own(void **state)
{
	struct bench *bench = *state;
	int neighbour = connect_from(bench, "192.0.2.9");

	bench->clients.tcp_per_source = 4;
	for (int i = 0; i < 1000; i++) {
		int client = connect_from(bench, "192.0.2.1");

		say(bench, client, update, sizeof(update), 1);
		assert_false(is_closed(client));
		close(client); /* the listener does not see it before its next turn */
	}
	assert_false(is_closed(neighbour));
	assert_true(hf_tcp_connections_count(bench->connections) <= 5);
	close(neighbour);
}

static void a_connection_ends_after_its_queries(void **state)
{
	struct bench *bench = *state;
	uint8_t octets[8 * sizeof(update)];
	int client = connect_client(bench);

	bench->clients.tcp_queries = 3;
	for (size_t i = 0; i < 5; i++)
		memcpy(octets + i * sizeof(update), update, sizeof(update));
	assert_int_equal(send(client, octets, 5 * sizeof(update), 0), 5 * sizeof(update));
	turn(bench);
	assert_int_equal(recv(client, octets, sizeof(octets), 0), 3 * sizeof(update));
	assert_true(is_closed(client));
	close(client);
	/* The last one may still be under way. */
	client = connect_client(bench);
	say(bench, client, update, sizeof(update), 2);
	say(bench, client, miss, sizeof(miss), 1);
	assert_int_equal(recv(client, octets, sizeof(octets), 0), 2 * sizeof(update));
	assert_false(is_closed(client));
	assert_int_equal(answer_all(bench, 40), 1);
	assert_int_equal(recv(client, octets, sizeof(octets), 0), 42);
	assert_true(is_closed(client));
	close(client);
}

static void the_idle_timeout_shrinks_with_the_free_slots(void **state)
{
	static const struct {
		uint16_t keepalive;
		unsigned timeout_ms;
	} rows[] = {{100, 10000}, {100, 10000}, {100, 10000}, {100, 10000}, {75, 7500}, {50, 5000}, {25, 2500}, {0, 1250}};
	struct bench *bench = *state;
	int clients[8];

	for (unsigned i = 0; i < 8; i++) {
		clients[i] = connect_client(bench);
		hf_tcp_connections_set_now(bench->connections, bench->now);
		assert_int_equal(bench->serve->keepalive, rows[i].keepalive);
		if (hf_tcp_connections_sleep_ms(bench->connections) != 1000)
			fail_msg("%u clients: sleeps for another time than a second", i + 1);
		pass_ms(bench, rows[i].timeout_ms - 1);
		hf_tcp_connections_expire(bench->connections);
		assert_int_equal(hf_tcp_connections_count(bench->connections), i + 1);
		assert_int_equal(hf_tcp_connections_sleep_ms(bench->connections), 1);
		for (unsigned k = 0; k <= i; k++) {
			say(bench, clients[k], update, sizeof(update), 1);
			assert_int_equal(recv(clients[k], (uint8_t[64]){0}, 64, 0), sizeof(update));
		}
	}
	/* With each that goes the others may stay longer. */
	pass_ms(bench, 1250);
	hf_tcp_connections_expire(bench->connections);
	assert_int_equal(hf_tcp_connections_count(bench->connections), 7);
	assert_true(is_closed(clients[0]));
	pass_ms(bench, 10000);
	hf_tcp_connections_expire(bench->connections);
	assert_int_equal(hf_tcp_connections_count(bench->connections), 0);
	assert_int_equal(hf_counter_read(&bench->serve->counters.tcp_idle_closed), 8);
	for (unsigned i = 0; i < 8; i++)
		close(clients[i]);
}

/* CVE-2024-0760: a crowd that asks and never reads. */
static void output_of_all_together_is_bounded(void **state)
{
	struct bench *bench = *state;
	int clients[80];
	unsigned open;

	for (unsigned i = 0; i < 80; i++) {
		clients[i] = connect_client(bench);
		say(bench, clients[i], miss, sizeof(miss), 15);
		assert_int_equal(answer_all(bench, 60000), 15);
	}
	open = hf_tcp_connections_count(bench->connections);
	assert_true(open >= 60 && open <= 66); /* of a MiB each, in 64 MiB */
	assert_int_equal(slow_readers(bench), 80 - open);
	/* Who takes what he gets has an answer all the same, however large. */
	close(clients[79]);
	clients[79] = connect_client(bench);
	say(bench, clients[79], miss, sizeof(miss), 1);
	assert_int_equal(answer_all(bench, 60000), 1);
	assert_false(is_closed(clients[79]));
	for (unsigned i = 0; i < 80; i++)
		close(clients[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_client_that_does_not_read_gives_way_to_a_new_one, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_that_nobody_reads_do_not_pile_up, setup, teardown),
		cmocka_unit_test_setup_teardown(a_client_that_waits_for_slow_names_gives_way, setup, teardown),
		cmocka_unit_test_setup_teardown(a_client_whose_answers_come_does_not_give_way, setup, teardown),
		cmocka_unit_test_setup_teardown(one_source_has_a_share_of_the_slots, setup_eight, teardown),
		cmocka_unit_test_setup_teardown(a_storm_of_reconnects_pushes_out_its_own, setup_eight, teardown),
		cmocka_unit_test_setup_teardown(a_connection_ends_after_its_queries, setup, teardown),
		cmocka_unit_test_setup_teardown(the_idle_timeout_shrinks_with_the_free_slots, setup_eight, teardown),
		cmocka_unit_test_setup_teardown(output_of_all_together_is_bounded, setup_many, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
