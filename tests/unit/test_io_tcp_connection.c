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
	struct hf_now now;
	int epoll_fd;
};

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct hf_cache_config config = {
		.bytes = 4 << 20, .answer_share = 50, .max_ttl = 86400, .max_negative_ttl = 3600, .secret = {1, 2}};

	rcu_register_thread();
	bench->cache = hf_cache_new(&config);
	bench->settings.edns_size = 1232;
	assert_true(hf_mailbox_init(&bench->resolver));
	bench->mailboxes[0] = &bench->resolver;
	bench->dispatch = (struct hf_dispatch){.count = 1, .mailboxes = bench->mailboxes, .secret = {1, 2}};
	bench->serve = hf_serve_new(bench->cache, &bench->settings, &bench->dispatch, 64, NULL, true);
	assert_non_null(bench->serve);
	bench->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	bench->connections = hf_tcp_connections_new(bench->epoll_fd, bench->serve, 1, 10000);
	assert_non_null(bench->connections);
	bench->now.mono_ns = 1000 * HF_NS_PER_SECOND;
	hf_tcp_connections_set_now(bench->connections, bench->now);
	*state = bench;
	return 0;
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
static int connect_client(struct bench *bench)
{
	const union hf_sockaddr remote = {.v4 = {.sin_family = AF_INET}};
	int ends[2], small = 1;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	hf_tcp_connections_admit(bench->connections, ends[0], &remote);
	return ends[1];
}

static void turn(struct bench *bench)
{
	struct epoll_event events[4];
	int count = epoll_wait(bench->epoll_fd, events, 4, 0);

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_client_that_does_not_read_gives_way_to_a_new_one, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_that_nobody_reads_do_not_pile_up, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
