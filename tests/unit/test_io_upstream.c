// SPDX-License-Identifier: BSD-3-Clause
/* io/upstream.c, against servers that this test plays itself on loopback. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cmocka.h>
#include "io/io.h"
#include "io/sockaddr.h"
#include "io/upstream.h"

enum { EXCHANGES = 16 };

struct bench {
	int epoll_fd;
	struct hf_entropy *entropy;
	struct hf_random random;
	struct hf_source_ports *ports;
	struct hf_upstream *upstream;
	struct hf_steer *steer; /* NULL: a socket for each query */
	bool keep; /* replies are not taken for the right one */
	/* what came */
	unsigned replies, failures;
	uint64_t last_exchange;
	struct hf_address from;
	uint8_t message[HF_MESSAGE_MAX];
	size_t length;
};

static void take_reply(void *state, uint64_t exchange, const struct hf_address *from, const uint8_t *message,
		       size_t length)
{
	struct bench *bench = state;

	bench->replies++;
	bench->last_exchange = exchange;
	bench->from = *from;
	memcpy(bench->message, message, length);
	bench->length = length;
	if (!bench->keep)
		hf_upstream_cancel(bench->upstream, exchange);
}

static void take_failure(void *state, uint64_t exchange)
{
	struct bench *bench = state;

	bench->failures++;
	bench->last_exchange = exchange;
}

static int set_up(void **state, struct hf_steer *steer)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct hf_config config = {0};
	struct hf_upstream_sink sink = {take_reply, take_failure, bench};

	bench->steer = steer;
	bench->epoll_fd = epoll_create1(0);
	bench->entropy = hf_entropy_new();
	bench->random = hf_entropy_random(bench->entropy);
	bench->ports = hf_source_ports_new(&config);
	bench->upstream = hf_upstream_new(bench->epoll_fd, EXCHANGES, bench->ports, &bench->random, &sink,
					  bench->steer ? hf_steer_lane(bench->steer, 0) : NULL);
	assert_non_null(bench->upstream);
	*state = bench;
	return 0;
}

static int setup(void **state)
{
	return set_up(state, NULL);
}

/* Wants root and a kernel that has it; main() sees whether that is so. */
static int setup_steered(void **state)
{
	char error[HF_STEER_ERROR_MAX];
	struct hf_steer *steer = hf_steer_new(1, error);

	if (!steer)
		return -1;
	return set_up(state, steer);
}

/* Of this network namespace. Some containers let nobody write there. */
static void switch_ipv6(bool on)
{
	FILE *file = fopen("/proc/sys/net/ipv6/conf/all/disable_ipv6", "we");

	if (!file)
		return;
	fputs(on ? "0" : "1", file);
	fclose(file);
}

static int setup_steered_before_ipv6(void **state)
{
	int fault;

	switch_ipv6(false);
	fault = setup_steered(state);
	switch_ipv6(true);
	return fault;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	hf_upstream_free(bench->upstream);
	hf_steer_free(bench->steer);
	free(bench->ports);
	hf_entropy_free(bench->entropy);
	close(bench->epoll_fd);
	free(bench);
	return 0;
}

/* A server's socket on 127.0.0.1, port drawn by the kernel. */
static int server(int type, struct hf_address *address)
{
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(local);
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&local, sizeof(local)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &length), 0);
	*address = (struct hf_address){.family = 4, .port = ntohs(local.sin_port), .bytes = {127, 0, 0, 1}};
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static bool ask(struct bench *bench, uint64_t exchange, const struct hf_address *address, bool tcp, const char *text)
{
	bool good = hf_upstream_send(bench->upstream, exchange, address, tcp, (const uint8_t *)text, strlen(text),
				     hf_clock_now());

	hf_upstream_flush(bench->upstream);
	return good;
}

/* Where the "hello" that waits at a server came from. */
static struct sockaddr_in take_hello(int fd)
{
	struct sockaddr_in client;
	socklen_t length = sizeof(client);
	char text[8];

	assert_int_equal(recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&client, &length), 5);
	return client;
}

/* Lets happen what is due; at most `ms` without an event. */
static void turn(struct bench *bench, int ms)
{
	struct epoll_event events[EXCHANGES];
	int count = epoll_wait(bench->epoll_fd, events, EXCHANGES, ms);

	for (int i = 0; i < count; i++)
		hf_upstream_ready(bench->upstream, events[i].data.u64, events[i].events);
}

static void turn_until(struct bench *bench, const unsigned *count, unsigned wanted)
{
	for (int i = 0; i < 100 && *count < wanted; i++)
		turn(bench, 100);
	assert_int_equal(*count, wanted);
}

static void every_query_has_a_port_of_its_own(void **state)
{
	struct bench *bench = *state;
	struct hf_address address;
	int fd = server(SOCK_DGRAM, &address);
	uint16_t ports[EXCHANGES];
	unsigned high = 0;

	for (unsigned i = 0; i < EXCHANGES; i++) {
		struct sockaddr_in client;
		socklen_t length = sizeof(client);
		char text[8];

		assert_true(ask(bench, 100 + i, &address, false, "hello"));
		assert_int_equal(recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&client, &length), 5);
		ports[i] = ntohs(client.sin_port);
		assert_true(ports[i] >= 1024);
		high += ports[i] >= 32768;
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(ports[i], ports[k]);
	}
	/* Sixteen draws from the whole range do not all fall into one half but once in 32768 runs. */
	assert_in_range(high, 1, EXCHANGES - 1);
	assert_false(ask(bench, 999, &address, false, "hello"));
	assert_int_equal(hf_upstream_open(bench->upstream), EXCHANGES);
	hf_upstream_cancel(bench->upstream, 100);
	hf_upstream_cancel(bench->upstream, 100); /* not known any more */
	assert_int_equal(hf_upstream_open(bench->upstream), EXCHANGES - 1);
	assert_true(ask(bench, 999, &address, false, "hello"));
	close(fd);
}

static void own_and_low_ports_are_not_drawn(void **state)
{
	struct hf_address listen[] = {{.family = 4, .port = 5353}};
	struct hf_config config = {.listen = listen, .listen_count = 1, .http = {.family = 4, .port = 8053}};
	struct hf_source_ports *ports = hf_source_ports_new(&config);

	(void)state;
	assert_in_range(ports->count, 30000, 65536 - 1024 - 2);
	for (unsigned i = 0; i < ports->count; i++) {
		assert_true(ports->ports[i] >= 1024);
		assert_int_not_equal(ports->ports[i], 5353);
		assert_int_not_equal(ports->ports[i], 8053);
	}
	free(ports);
}

static void hands_on_what_the_server_sends_and_nobody_else(void **state)
{
	struct bench *bench = *state;
	struct hf_address address, other;
	int fd = server(SOCK_DGRAM, &address), stranger = server(SOCK_DGRAM, &other);
	struct sockaddr_in client;

	assert_true(ask(bench, 7, &address, false, "hello"));
	client = take_hello(fd);
	/* To the right port, but from another address: the kernel keeps it from the connected socket. */
	sendto(stranger, "forged", 6, 0, (struct sockaddr *)&client, sizeof(client));
	turn(bench, 100);
	assert_int_equal(bench->replies, 0);
	sendto(fd, "world", 5, 0, (struct sockaddr *)&client, sizeof(client));
	turn_until(bench, &bench->replies, 1);
	assert_int_equal(bench->last_exchange, 7);
	assert_memory_equal(bench->message, "world", 5);
	assert_true(hf_address_equal(&bench->from, &address));
	assert_int_equal(hf_upstream_open(bench->upstream), 0);
	close(fd);
	close(stranger);
}

/* Servers are known to send more than was announced; what to make of it is the resolver's to say. */
static void a_reply_larger_than_announced_comes_whole(void **state)
{
	static const uint8_t reply[20000] = {[0] = 1, [sizeof(reply) - 1] = 2};
	struct bench *bench = *state;
	struct hf_address address;
	int fd = server(SOCK_DGRAM, &address);
	struct sockaddr_in client;

	assert_true(ask(bench, 7, &address, false, "hello"));
	client = take_hello(fd);
	assert_int_equal(sendto(fd, reply, sizeof(reply), 0, (struct sockaddr *)&client, sizeof(client)), sizeof(reply));
	turn_until(bench, &bench->replies, 1);
	assert_int_equal(bench->length, sizeof(reply));
	close(fd);
}

static void goes_on_waiting_when_a_reply_was_not_the_right_one(void **state)
{
	struct bench *bench = *state;
	struct hf_address address;
	int fd = server(SOCK_DGRAM, &address);
	struct sockaddr_in client;

	bench->keep = true;
	assert_true(ask(bench, 7, &address, false, "hello"));
	client = take_hello(fd);
	for (int i = 0; i < 3; i++)
		sendto(fd, "wrong", 5, 0, (struct sockaddr *)&client, sizeof(client));
	turn_until(bench, &bench->replies, 3);
	assert_int_equal(hf_upstream_open(bench->upstream), 1);
	close(fd);
}

static void a_closed_port_fails_at_once(void **state)
{
	struct bench *bench = *state;
	struct hf_address address;

	close(server(SOCK_DGRAM, &address));
	assert_true(ask(bench, 7, &address, false, "hello"));
	turn_until(bench, &bench->failures, 1);
	assert_int_equal(bench->last_exchange, 7);
	assert_int_equal(hf_upstream_open(bench->upstream), 0);
}

static void an_event_of_an_earlier_use_of_the_slot_is_ignored(void **state)
{
	struct bench *bench = *state;
	struct hf_address address;
	int fd = server(SOCK_DGRAM, &address);
	struct sockaddr_in client;
	struct epoll_event event;

	assert_true(ask(bench, 7, &address, false, "hello"));
	client = take_hello(fd);
	sendto(fd, "world", 5, 0, (struct sockaddr *)&client, sizeof(client));
	assert_int_equal(epoll_wait(bench->epoll_fd, &event, 1, 5000), 1);
	hf_upstream_cancel(bench->upstream, 7);
	hf_upstream_ready(bench->upstream, event.data.u64, event.events);
	assert_true(ask(bench, 8, &address, false, "again"));
	hf_upstream_ready(bench->upstream, event.data.u64, event.events);
	assert_int_equal(bench->replies + bench->failures, 0);
	assert_int_equal(hf_upstream_open(bench->upstream), 1);
	close(fd);
}

static void tcp_frames_the_query_and_joins_the_reply(void **state)
{
	struct bench *bench = *state;
	struct hf_address address;
	int listener = server(SOCK_STREAM, &address), fd;
	uint8_t text[16], reply[2 + 3000];

	assert_true(ask(bench, 9, &address, true, "hello"));
	turn(bench, 1000);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(recv(fd, text, 7, MSG_WAITALL), 7);
	assert_memory_equal(text, "\0\5hello", 7);
	memset(reply, 'r', sizeof(reply));
	reply[0] = 3000 >> 8;
	reply[1] = 3000 & 255;
	for (size_t at = 0; at < sizeof(reply);) { /* the prefix comes in two pieces as well */
		size_t piece = at < 2 ? 1 : 700;

		if (piece > sizeof(reply) - at)
			piece = sizeof(reply) - at;
		assert_int_equal(send(fd, reply + at, piece, 0), piece);
		at += piece;
		turn(bench, 20);
	}
	turn_until(bench, &bench->replies, 1);
	assert_int_equal(bench->length, 3000);
	assert_int_equal(bench->message[0], 'r');
	assert_int_equal(bench->message[2999], 'r');
	assert_int_equal(hf_upstream_open(bench->upstream), 0);
	close(fd);
	close(listener);
}

static const struct {
	const char *what;
	const char *bytes;
	size_t length;
} tcp_faults[] = {
	{"closed without a word", "", 0},
	{"closed within the prefix", "\0", 1},
	{"closed within the message", "\0\5he", 4},
	{"a length of 0", "\0\0", 2},
};

static void tcp_that_breaks_off_fails(void **state)
{
	struct bench *bench = *state;

	for (unsigned i = 0; i < sizeof(tcp_faults) / sizeof(tcp_faults[0]); i++) {
		struct hf_address address;
		int listener = server(SOCK_STREAM, &address), fd;
		uint8_t text[8];

		assert_true(ask(bench, 20 + i, &address, true, "hello"));
		turn(bench, 1000);
		fd = accept(listener, NULL, NULL);
		assert_int_equal(recv(fd, text, 7, MSG_WAITALL), 7);
		assert_int_equal(send(fd, tcp_faults[i].bytes, tcp_faults[i].length, 0), tcp_faults[i].length);
		close(fd);
		turn_until(bench, &bench->failures, i + 1);
		assert_int_equal(bench->last_exchange, 20 + i);
		close(listener);
	}
	assert_int_equal(bench->replies, 0);
	assert_int_equal(hf_upstream_open(bench->upstream), 0);
}

static void tcp_to_a_closed_port_fails(void **state)
{
	struct bench *bench = *state;
	struct hf_address address;

	close(server(SOCK_STREAM, &address));
	/* Loopback refuses within connect() or right after. */
	if (ask(bench, 9, &address, true, "hello"))
		turn_until(bench, &bench->failures, 1);
	assert_int_equal(hf_upstream_open(bench->upstream), 0);
}

static void a_source_address_is_used(void **state)
{
	struct bench *bench = *state;
	struct hf_address address, source = {.family = 4, .bytes = {127, 0, 0, 5}}, none = {0};
	int fd = server(SOCK_DGRAM, &address);
	struct sockaddr_in client;

	hf_upstream_set_sources(bench->upstream, &source, &none);
	assert_true(ask(bench, 7, &address, false, "hello"));
	client = take_hello(fd);
	assert_int_equal(ntohl(client.sin_addr.s_addr), 0x7f000005);
	close(fd);
}

#define FACT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define STEERED(name) cmocka_unit_test_setup_teardown(name, setup_steered, teardown)

/* A socket of somebody else at the very port: only what the server sends while a query is under way goes another way. */
static void leaves_the_sockets_of_others_alone(void **state)
{
	struct bench *bench = *state;
	struct hf_address address, elsewhere;
	int fd = server(SOCK_DGRAM, &address), stranger = server(SOCK_DGRAM, &elsewhere), other = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in client;
	socklen_t length = sizeof(client);
	char text[8];

	assert_true(ask(bench, 7, &address, false, "hello"));
	assert_int_equal(recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&client, &length), 5);
	assert_int_equal(bind(other, (struct sockaddr *)&client, sizeof(client)), 0);
	assert_int_equal(sendto(stranger, "theirs", 6, 0, (struct sockaddr *)&client, length), 6);
	assert_int_equal(recv(other, text, sizeof(text), MSG_DONTWAIT), 6);
	assert_int_equal(sendto(fd, "ours", 4, 0, (struct sockaddr *)&client, length), 4);
	assert_int_equal(recv(other, text, sizeof(text), MSG_DONTWAIT), -1);
	turn_until(bench, &bench->replies, 1);
	assert_memory_equal(bench->message, "ours", 4);
	assert_int_equal(sendto(fd, "late", 4, 0, (struct sockaddr *)&client, length), 4);
	assert_int_equal(recv(other, text, sizeof(text), MSG_DONTWAIT), 4);
	turn(bench, 50);
	assert_int_equal(bench->replies, 1);
	close(other);
	close(stranger);
	close(fd);
}

static void more_than_a_burst_goes_out(void **state)
{
	struct bench *bench = *state;
	struct hf_address address;
	int fd = server(SOCK_DGRAM, &address);
	struct sockaddr_in client;
	socklen_t length = sizeof(client);
	char text[8];

	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < EXCHANGES; i++)
			assert_true(hf_upstream_send(bench->upstream, i, &address, false, (const uint8_t *)"hello", 5,
						     hf_clock_now()));
		/* Three rounds before the first flush: the burst overflows while its exchanges are gone already. */
		if (round < 3)
			for (unsigned i = 0; i < EXCHANGES; i++)
				hf_upstream_cancel(bench->upstream, i);
		else
			break;
	}
	hf_upstream_flush(bench->upstream);
	for (unsigned i = 0; i < 4 * EXCHANGES; i++)
		assert_int_equal(recvfrom(fd, text, sizeof(text), MSG_DONTWAIT, (struct sockaddr *)&client, &length), 5);
	assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
	sendto(fd, "world", 5, 0, (struct sockaddr *)&client, length);
	turn_until(bench, &bench->replies, 1);
	assert_int_equal(bench->last_exchange, EXCHANGES - 1);
	close(fd);
}

static void ipv6_works_too(void **state)
{
	struct bench *bench = *state;
	struct sockaddr_in6 local = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT}, client;
	socklen_t length = sizeof(local);
	struct hf_address address = {.family = 6, .bytes = {[15] = 1}};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	char text[8];

	assert_int_equal(bind(fd, (struct sockaddr *)&local, sizeof(local)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &length), 0);
	address.port = ntohs(local.sin6_port);
	assert_true(ask(bench, 7, &address, false, "hello"));
	length = sizeof(client);
	assert_int_equal(recvfrom(fd, text, sizeof(text), MSG_DONTWAIT, (struct sockaddr *)&client, &length), 5);
	sendto(fd, "world", 5, 0, (struct sockaddr *)&client, length);
	turn_until(bench, &bench->replies, 1);
	assert_memory_equal(bench->message, "world", 5);
	assert_true(hf_address_equal(&bench->from, &address));
	close(fd);
	assert_true(ask(bench, 8, &address, false, "hello"));
	turn_until(bench, &bench->failures, 1);
	assert_int_equal(bench->last_exchange, 8);
}

static void ipv6_may_come_later(void **state)
{
	struct bench *bench = *state;

	if (hf_steer_lane_fd(hf_steer_lane(bench->steer, 0), HF_STEER_IPV6) >= 0) {
		print_message("IPv6 cannot be switched off here\n");
		skip();
	}
	ipv6_works_too(state);
}

static void knows_of_others_that_steer(void **state)
{
	struct bench *bench = *state;
	char error[HF_STEER_ERROR_MAX];
	struct hf_steer *second = hf_steer_new(1, error);

	assert_non_null(second);
	assert_int_equal(hf_steer_others(bench->steer), 0);
	assert_int_equal(hf_steer_others(second), 1);
	hf_steer_free(second);
}

static void no_way_to_a_server_fails_at_once(void **state)
{
	struct bench *bench = *state;
	struct hf_address nowhere = {.family = 4, .port = 53, .bytes = {192, 0, 2, 1}};

	assert_false(ask(bench, 7, &nowhere, false, "hello"));
	/* A raw socket would do it. */
	hf_upstream_set_sources(bench->upstream, &(struct hf_address){.family = 4, .bytes = {192, 0, 2, 7}},
				&(struct hf_address){.family = 6});
	nowhere = (struct hf_address){.family = 4, .port = 53, .bytes = {127, 0, 0, 1}};
	assert_false(ask(bench, 7, &nowhere, false, "hello"));
	nowhere = (struct hf_address){.family = 6, .port = 53, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	assert_false(ask(bench, 8, &nowhere, false, "hello"));
	assert_int_equal(hf_upstream_open(bench->upstream), 0);
}

/* A network of its own for what attaches a program to it. NULL, or why not. */
static const char *own_network(void)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	char error[HF_STEER_ERROR_MAX];
	static char reason[HF_STEER_ERROR_MAX];
	struct hf_steer *steer;
	int fd;

	if (unshare(CLONE_NEWNET) != 0)
		return "no network namespace can be made here";
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback) != 0)
		return "no loopback interface";
	close(fd);
	steer = hf_steer_new(1, error);
	if (!steer) {
		snprintf(reason, sizeof(reason), "%s", error);
		return reason;
	}
	hf_steer_free(steer);
	return NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(every_query_has_a_port_of_its_own),
		cmocka_unit_test(own_and_low_ports_are_not_drawn),
		FACT(hands_on_what_the_server_sends_and_nobody_else),
		FACT(a_reply_larger_than_announced_comes_whole),
		FACT(goes_on_waiting_when_a_reply_was_not_the_right_one),
		FACT(a_closed_port_fails_at_once),
		FACT(an_event_of_an_earlier_use_of_the_slot_is_ignored),
		FACT(tcp_frames_the_query_and_joins_the_reply),
		FACT(tcp_that_breaks_off_fails),
		FACT(tcp_to_a_closed_port_fails),
		FACT(a_source_address_is_used),
	};

	const struct CMUnitTest steered[] = {
		STEERED(every_query_has_a_port_of_its_own),
		STEERED(hands_on_what_the_server_sends_and_nobody_else),
		STEERED(a_reply_larger_than_announced_comes_whole),
		STEERED(goes_on_waiting_when_a_reply_was_not_the_right_one),
		STEERED(a_closed_port_fails_at_once),
		STEERED(an_event_of_an_earlier_use_of_the_slot_is_ignored),
		STEERED(tcp_frames_the_query_and_joins_the_reply),
		STEERED(a_source_address_is_used),
		STEERED(leaves_the_sockets_of_others_alone),
		STEERED(more_than_a_burst_goes_out),
		STEERED(ipv6_works_too),
		cmocka_unit_test_setup_teardown(ipv6_may_come_later, setup_steered_before_ipv6, teardown),
		STEERED(knows_of_others_that_steer),
		STEERED(no_way_to_a_server_fails_at_once),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	const char *reason = own_network();

	if (reason)
		printf("SKIP steered queries: %s\n", reason);
	else
		failed += cmocka_run_group_tests(steered, NULL, NULL);
	return failed;
}
