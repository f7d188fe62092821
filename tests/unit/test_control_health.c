// SPDX-License-Identifier: BSD-3-Clause
/* The health query, against a server on loopback that answers as each row says. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "control/health.h"
#include "control/clock.h"

enum behaviour { ANSWER, ANSWER_NXDOMAIN, ANSWER_SERVFAIL, OTHER_ID, OTHER_QUESTION, NO_QR, SHORT, SILENT, CLOSE };

struct server {
	bool tcp;
	enum behaviour behaviour;
	int fd;
	struct hf_address address;
	pthread_t thread;
};

/* Turns the query into the reply in place; its length, 0 for none. */
static size_t turn(enum behaviour behaviour, uint8_t *message, size_t length)
{
	message[2] |= 0x80;
	message[3] = 0x80;
	switch (behaviour) {
	case ANSWER:
		return length;
	case ANSWER_NXDOMAIN:
		message[3] |= 3;
		return length;
	case ANSWER_SERVFAIL:
		message[3] |= 2;
		return length;
	case OTHER_ID:
		message[0] ^= 0xff;
		return length;
	case OTHER_QUESTION:
		message[14] ^= 1;
		return length;
	case NO_QR:
		message[2] &= 0x7f;
		return length;
	case SHORT:
		return 12;
	default:
		return 0;
	}
}

static void *server_main(void *argument)
{
	struct server *server = argument;
	uint8_t message[2 + 512];
	struct sockaddr_in peer;
	socklen_t peer_length = sizeof(peer);
	ssize_t got;
	size_t length;
	int fd;

	if (!server->tcp) {
		got = recvfrom(server->fd, message, sizeof(message), 0, (struct sockaddr *)&peer, &peer_length);
		length = got > 12 ? turn(server->behaviour, message, (size_t)got) : 0;
		if (length)
			sendto(server->fd, message, length, 0, (struct sockaddr *)&peer, peer_length);
		return NULL;
	}
	fd = accept(server->fd, NULL, NULL);
	got = recv(fd, message, sizeof(message), 0);
	if (got > 14 && (length = turn(server->behaviour, message + 2, (size_t)got - 2))) {
		message[0] = (uint8_t)(length >> 8);
		message[1] = (uint8_t)length;
		/* In two pieces, as a stream may. */
		send(fd, message, 1, MSG_NOSIGNAL);
		usleep(20000);
		send(fd, message + 1, length + 1, MSG_NOSIGNAL);
	}
	if (server->behaviour == SILENT)
		recv(fd, message, 1, 0); /* until the asker gives up */
	close(fd);
	return NULL;
}

static void server_start(struct server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	server->fd = socket(AF_INET, server->tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (server->tcp)
		assert_int_equal(listen(server->fd, 1), 0);
	getsockname(server->fd, (struct sockaddr *)&address, &length);
	server->address = (struct hf_address){.family = 4, .port = ntohs(address.sin_port), .bytes = {127, 0, 0, 1}};
	assert_int_equal(pthread_create(&server->thread, NULL, server_main, server), 0);
}

static const struct {
	enum behaviour behaviour;
	bool healthy;
	const char *reason;
} rows[] = {
	{ANSWER, true, ""},
	{ANSWER_NXDOMAIN, true, ""},
	{ANSWER_SERVFAIL, false, "a query for . NS is answered with SERVFAIL"},
	{OTHER_QUESTION, false, "the reply does not match the query"},
	{NO_QR, false, "the reply does not match the query"},
	{SHORT, false, "the reply does not match the query"},
	{OTHER_ID, false, NULL}, /* over UDP anybody may have sent it: waits on; over TCP it is the server's fault */
	{SILENT, false, "within 200 ms"},
	{CLOSE, false, NULL},
};

static void only_a_matching_good_reply_counts(void **state)
{
	(void)state;
	for (unsigned tcp = 0; tcp < 2; tcp++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct server server = {.tcp = tcp, .behaviour = rows[i].behaviour};
			uint64_t start_ns = hf_clock_now().mono_ns;
			char reason[256] = "";
			bool healthy;

			server_start(&server);
			healthy = hf_health_ask(&server.address, tcp, 200, reason, sizeof(reason));
			if (healthy != rows[i].healthy || (rows[i].reason && !strstr(reason, rows[i].reason)))
				fail_msg("row %zu tcp %u: %d \"%s\"", i, tcp, healthy, reason);
			if (!healthy)
				assert_true(reason[0]);
			/* Bounded in time, with much room for a busy machine. */
			assert_true(hf_clock_now().mono_ns - start_ns < 5 * HF_NS_PER_SECOND);
			pthread_join(server.thread, NULL);
			close(server.fd);
		}
	}
}

static void nobody_there_is_said_with_address_and_transport(void **state)
{
	struct server server = {.tcp = true, .behaviour = CLOSE};
	struct hf_address wildcard;
	char reason[256];

	(void)state;
	server_start(&server);
	/* A wildcard address is asked over loopback; the server closes, which ends its thread. */
	wildcard = server.address;
	memset(wildcard.bytes, 0, sizeof(wildcard.bytes));
	assert_false(hf_health_ask(&wildcard, true, 500, reason, sizeof(reason)));
	pthread_join(server.thread, NULL);
	close(server.fd);
	assert_false(hf_health_ask(&server.address, true, 500, reason, sizeof(reason)));
	assert_non_null(strstr(reason, "no answer from 127.0.0.1:"));
	assert_non_null(strstr(reason, " over TCP: Connection refused"));
	assert_false(hf_health_ask(&server.address, false, 500, reason, sizeof(reason)));
	assert_non_null(strstr(reason, " over UDP: Connection refused"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_matching_good_reply_counts),
		cmocka_unit_test(nobody_there_is_said_with_address_and_transport),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
