// SPDX-License-Identifier: BSD-3-Clause
/* io/clients.c: cookie secrets as written in the file; what options get in the reply, through the request step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>
#include <urcu-qsbr.h>
#include "io/serve.h"
#include "wire/edns.h"

#define HEX_A "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define HEX_B "445536BCD2513298075A5D379663C962"

static const uint8_t drawn[HF_SIPHASH_KEY] = "drawn at start!";
static const struct hf_now now = {.mono_ns = 1000 * HF_NS_PER_SECOND, .wall_s = 1559731985};
static const struct hf_address client = {.family = 4, .port = 40000, .bytes = {198, 51, 100, 100}};

static struct hf_clients *clients_of(const char *secret, char error[HF_CONFIG_ERROR_MAX])
{
	struct hf_config config = {.cookies = true, .cookie_secret = (char *)secret, .nsid = "ns-1"};

	return hf_clients_new(&config, drawn, error);
}

/* ---- secrets ---- */

static const struct secret_row {
	const char *text;
	unsigned count; /* 0: refused */
} secret_rows[] = {
	{"", 1},		      {HEX_A, 1},
	{HEX_A " " HEX_B, 2},	      {" " HEX_A "\n" HEX_B "\n", 2},
	{HEX_A HEX_B, 0},	      {HEX_A " " HEX_B " " HEX_A, 0},
	{"e5e973e5", 0},	      {"e5e973e5a6b2a43f48e7dc849e37bfcg", 0},
	{HEX_A "0", 0},		      {HEX_A "," HEX_B, 0},
	{" ", 0},		      {"0x" HEX_A, 0},
	{"/nowhere/at/all", 0},
};

static void secrets_are_hexadecimal_one_or_two(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(secret_rows) / sizeof(secret_rows[0]); i++) {
		const struct secret_row *row = &secret_rows[i];
		char error[HF_CONFIG_ERROR_MAX];
		struct hf_clients *clients = clients_of(row->text, error);

		if ((clients ? clients->secrets.count : 0) != row->count)
			fail_msg("'%s': %s", row->text, clients ? "taken" : error);
		if (!clients) {
			assert_memory_equal(error, "clients.cookie-secret: ", 23);
			assert_null(strstr(error, "e5e9")); /* a secret with a slip in it goes into no log */
		} else if (*row->text) {
			assert_int_equal(clients->secrets.keys[0][0], 0xe5);
			assert_int_equal(clients->secrets.keys[0][15], 0xcf);
		} else {
			assert_memory_equal(clients->secrets.keys[0], drawn, sizeof(drawn));
		}
		if (row->count == 2)
			assert_int_equal(clients->secrets.keys[1][3], 0xbc);
		hf_clients_free(clients);
	}
}

static struct hf_clients *clients_of_file(const void *octets, size_t length, char error[HF_CONFIG_ERROR_MAX])
{
	char path[] = "/tmp/holdfast-test-secret-XXXXXX";
	int fd = mkstemp(path);
	struct hf_clients *clients;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets, length), length);
	close(fd);
	clients = clients_of(path, error);
	unlink(path);
	return clients;
}

static void secrets_are_read_from_a_file(void **state)
{
	static const char two[] = HEX_A "\n" HEX_B "\n", with_nul[] = HEX_A "\n\0 and more\n";
	static char large[5000];
	char error[HF_CONFIG_ERROR_MAX];
	struct hf_clients *clients = clients_of_file(two, sizeof(two) - 1, error);

	(void)state;
	assert_non_null(clients);
	assert_int_equal(clients->secrets.count, 2);
	assert_int_equal(clients->secrets.keys[0][0], 0xe5);
	assert_int_equal(clients->secrets.keys[1][0], 0x44);
	hf_clients_free(clients);
	assert_null(clients_of_file("nothing\n", 8, error));
	assert_non_null(strstr(error, "/tmp/holdfast-test-secret-"));
	assert_null(clients_of_file("", 0, error));
	assert_null(clients_of_file(with_nul, sizeof(with_nul) - 1, error));
	memset(large, '\n', sizeof(large));
	assert_null(clients_of_file(large, sizeof(large), error));
	assert_non_null(strstr(error, "too long"));
	assert_null(clients_of("/tmp", error)); /* a directory */
}

/* ---- the request step ---- */

struct bench {
	struct hf_cache *cache;
	struct hf_serve_settings settings;
	struct hf_clients *clients;
	struct hf_mailbox resolver;
	struct hf_mailbox *mailboxes[1];
	struct hf_dispatch dispatch;
	struct hf_serve *serve;
	struct hf_request request;
	uint8_t packet[512], reply[HF_TICKET_REPLY_MAX];
	struct hf_arena *arena;
	struct hf_message message;
};

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct hf_cache_config config = {
		.bytes = 4 << 20, .answer_share = 50, .max_ttl = 86400, .max_negative_ttl = 3600, .secret = {1, 2}};
	char error[HF_CONFIG_ERROR_MAX];

	rcu_register_thread();
	bench->cache = hf_cache_new(&config);
	bench->settings.edns_size = 1232;
	bench->clients = clients_of(HEX_A, error);
	assert_non_null(bench->clients);
	atomic_store(&bench->settings.clients, bench->clients);
	assert_true(hf_mailbox_init(&bench->resolver));
	bench->mailboxes[0] = &bench->resolver;
	bench->dispatch = (struct hf_dispatch){.count = 1, .mailboxes = bench->mailboxes, .secret = {1, 2}};
	bench->serve = hf_serve_new(bench->cache, &bench->settings, &bench->dispatch, 2, NULL, false);
	assert_non_null(bench->serve);
	bench->serve->keepalive = 100;
	bench->arena = hf_arena_new(65536);
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	hf_serve_free(bench->serve);
	hf_mailbox_fini(&bench->resolver);
	rcu_unregister_thread();
	hf_cache_free(bench->cache);
	hf_clients_free(bench->clients);
	hf_arena_free(bench->arena);
	free(bench);
	return 0;
}

#define HEAD(qdcount) "\x12\x34\1\0\0" qdcount "\0\0\0\0\0\1"
#define WWW "\3www\7example\0\0\1\0\1"
#define CLASS_CH "\3www\7example\0\0\1\0\3" /* is refused at once, so that there is a reply to look at */
#define OPT(rdlength) "\0\0\51\4\320\0\0\0\0\0" rdlength
#define CLIENT "\x24\x64\xc4\xab\xcf\x10\xc9\x57"
/* RFC 9018 A.1 */
#define SERVER "\1\0\0\0\x5c\xf7\x9f\x11\x1f\x81\x30\xc3\xee\xe2\x94\x80"

static enum hf_outcome ask(struct bench *bench, const void *bytes, size_t length)
{
	memcpy(bench->packet, bytes, length);
	bench->request = (struct hf_request){.packet = bench->packet,
					     .length = length,
					     .reply = bench->reply,
					     .capacity = sizeof(bench->reply),
					     .client = client};
	hf_serve_burst(bench->serve, &bench->request, 1, now);
	if (bench->request.outcome == HF_OUTCOME_REPLY) {
		hf_arena_reset(bench->arena);
		assert_true(hf_message_parse(bench->reply, bench->request.reply_length, bench->arena, &bench->message,
					     NULL));
	}
	return bench->request.outcome;
}
#define ASK(bench, bytes) ask(bench, bytes, sizeof(bytes) - 1)

/* What the reply's OPT says under this code: "" for nothing. */
static const uint8_t *told(const struct bench *bench, uint16_t code, size_t wanted_length)
{
	uint16_t length = 0;
	const uint8_t *data = hf_edns_find(&bench->message.edns, code, &length);

	assert_int_equal(data ? length : 0, wanted_length);
	return data;
}

static void a_client_cookie_gets_a_server_cookie(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(ASK(bench, HEAD("\1") CLASS_CH OPT("\14") "\0\12\0\10" CLIENT), HF_OUTCOME_REPLY);
	assert_int_equal(bench->message.rcode, HF_RCODE_REFUSED);
	assert_memory_equal(told(bench, HF_EDNS_OPTION_COOKIE, 24), CLIENT SERVER, 24);
	assert_int_equal(hf_counter_read(&bench->serve->counters.cookies_new), 1);
	assert_int_equal(ASK(bench, HEAD("\1") CLASS_CH OPT("\34") "\0\12\0\30" CLIENT SERVER), HF_OUTCOME_REPLY);
	assert_memory_equal(told(bench, HF_EDNS_OPTION_COOKIE, 24), CLIENT SERVER, 24);
	assert_int_equal(hf_counter_read(&bench->serve->counters.cookies_valid), 1);
	/* Another's: answered all the same, with a good one. */
	assert_int_equal(ASK(bench, HEAD("\1") CLASS_CH OPT("\24") "\0\12\0\20" CLIENT "whatever"), HF_OUTCOME_REPLY);
	assert_memory_equal(told(bench, HF_EDNS_OPTION_COOKIE, 24), CLIENT SERVER, 24);
	assert_int_equal(bench->message.rcode, HF_RCODE_REFUSED);
	assert_int_equal(hf_counter_read(&bench->serve->counters.cookies_invalid), 1);
	/* None sent, none told. */
	assert_int_equal(ASK(bench, HEAD("\1") CLASS_CH OPT("\0")), HF_OUTCOME_REPLY);
	told(bench, HF_EDNS_OPTION_COOKIE, 0);
}

static void a_miss_carries_its_cookie_to_the_resolver(void **state)
{
	struct bench *bench = *state;
	struct hf_ticket *ticket;

	assert_int_equal(ASK(bench, HEAD("\1") WWW OPT("\14") "\0\12\0\10" CLIENT), HF_OUTCOME_MISS);
	ticket = hf_serve_take_ticket(bench->serve, &bench->request, now);
	assert_non_null(ticket);
	memset(bench->packet, 0, sizeof(bench->packet));
	assert_int_equal(ticket->query.options.asked, HF_ASKED_COOKIE);
	assert_memory_equal(ticket->query.options.cookie, CLIENT SERVER, 24);
	hf_serve_release(bench->serve, ticket);
}

static void without_cookies_none_is_told(void **state)
{
	struct bench *bench = *state;

	bench->clients->cookies = false;
	assert_int_equal(ASK(bench, HEAD("\1") CLASS_CH OPT("\34") "\0\12\0\30" CLIENT SERVER), HF_OUTCOME_REPLY);
	told(bench, HF_EDNS_OPTION_COOKIE, 0);
	assert_int_equal(ASK(bench, HEAD("\0") OPT("\14") "\0\12\0\10" CLIENT), HF_OUTCOME_REPLY);
	assert_int_equal(bench->message.rcode, HF_RCODE_FORMERR);
	atomic_store(&bench->settings.clients, NULL);
	assert_int_equal(ASK(bench, HEAD("\1") CLASS_CH OPT("\40") "\0\3\0\0\0\12\0\30" CLIENT SERVER), HF_OUTCOME_REPLY);
	told(bench, HF_EDNS_OPTION_COOKIE, 0);
	told(bench, HF_EDNS_OPTION_NSID, 0);
}

static void a_query_for_a_cookie_alone(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(ASK(bench, HEAD("\0") OPT("\14") "\0\12\0\10" CLIENT), HF_OUTCOME_REPLY);
	assert_int_equal(bench->message.rcode, HF_RCODE_NOERROR);
	assert_false(bench->message.has_question);
	assert_memory_equal(told(bench, HF_EDNS_OPTION_COOKIE, 24), CLIENT SERVER, 24);
	assert_int_equal(ASK(bench, HEAD("\0") OPT("\34") "\0\12\0\30" CLIENT SERVER), HF_OUTCOME_REPLY);
	assert_int_equal(bench->message.rcode, HF_RCODE_NOERROR);
	assert_int_equal(hf_counter_read(&bench->serve->counters.badcookie), 0);
	assert_int_equal(ASK(bench, HEAD("\0") OPT("\24") "\0\12\0\20" CLIENT "whatever"), HF_OUTCOME_REPLY);
	assert_int_equal(bench->message.rcode, HF_RCODE_BADCOOKIE);
	assert_memory_equal(told(bench, HF_EDNS_OPTION_COOKIE, 24), CLIENT SERVER, 24);
	assert_int_equal(hf_counter_read(&bench->serve->counters.badcookie), 1);
}

static void while_cookies_are_required(void **state)
{
	struct bench *bench = *state;

	bench->clients->require_cookies = true;
	assert_int_equal(ASK(bench, HEAD("\1") WWW OPT("\14") "\0\12\0\10" CLIENT), HF_OUTCOME_REPLY);
	assert_int_equal(bench->message.rcode, HF_RCODE_BADCOOKIE);
	assert_memory_equal(told(bench, HF_EDNS_OPTION_COOKIE, 24), CLIENT SERVER, 24);
	assert_int_equal(ASK(bench, HEAD("\1") WWW OPT("\24") "\0\12\0\20" CLIENT "whatever"), HF_OUTCOME_REPLY);
	assert_int_equal(bench->message.rcode, HF_RCODE_BADCOOKIE);
	assert_int_equal(ASK(bench, HEAD("\1") WWW OPT("\34") "\0\12\0\30" CLIENT SERVER), HF_OUTCOME_MISS);
	/* No cookie: to TCP, with or without EDNS. */
	assert_int_equal(ASK(bench, HEAD("\1") WWW OPT("\0")), HF_OUTCOME_REPLY);
	assert_int_equal(bench->message.rcode, HF_RCODE_NOERROR);
	assert_int_equal(bench->message.flags & HF_FLAG_TC, HF_FLAG_TC);
	assert_int_equal(ASK(bench, "\x12\x34\1\0\0\1\0\0\0\0\0\0" WWW), HF_OUTCOME_REPLY);
	assert_int_equal(bench->message.flags & HF_FLAG_TC, HF_FLAG_TC);
	assert_int_equal(bench->request.reply_length, 12 + 17);
	assert_int_equal(hf_counter_read(&bench->serve->counters.cookie_missing), 2);
	/* A handshake shows as much as a cookie does. */
	bench->serve->tcp = true;
	assert_int_equal(ASK(bench, HEAD("\1") WWW OPT("\0")), HF_OUTCOME_MISS);
}

static void nsid_and_keepalive_for_who_asks(void **state)
{
	static const char both[] = HEAD("\1") CLASS_CH OPT("\10") "\0\3\0\0\0\13\0\0";
	struct bench *bench = *state;

	assert_int_equal(ask(bench, both, sizeof(both) - 1), HF_OUTCOME_REPLY);
	assert_memory_equal(told(bench, HF_EDNS_OPTION_NSID, 4), "ns-1", 4);
	told(bench, HF_EDNS_OPTION_KEEPALIVE, 0); /* over UDP there is nothing to keep, RFC 7828 §3.2.2 */
	bench->serve->tcp = true;
	assert_int_equal(ask(bench, both, sizeof(both) - 1), HF_OUTCOME_REPLY);
	assert_memory_equal(told(bench, HF_EDNS_OPTION_KEEPALIVE, 2), "\0\144", 2);
	assert_int_equal(ASK(bench, HEAD("\1") CLASS_CH OPT("\0")), HF_OUTCOME_REPLY);
	told(bench, HF_EDNS_OPTION_NSID, 0);
	told(bench, HF_EDNS_OPTION_KEEPALIVE, 0);
	bench->clients->nsid_length = 0;
	assert_int_equal(ask(bench, both, sizeof(both) - 1), HF_OUTCOME_REPLY);
	told(bench, HF_EDNS_OPTION_NSID, 0);
}

/* CVE-2026-41292, CVE-2026-42944: what is asked for sixty times over is told once. */
static void options_asked_for_many_times_are_told_once(void **state)
{
	struct bench *bench = *state;
	static const char head[] = HEAD("\1") CLASS_CH OPT("\374"), once[] = HEAD("\1") CLASS_CH OPT("\24") "\0\3\0\0\0\12\0\10" CLIENT "\0\14\0\0";
	uint8_t query[sizeof(head) - 1 + 252];
	size_t at = sizeof(head) - 1, length_once;

	assert_int_equal(ask(bench, once, sizeof(once) - 1), HF_OUTCOME_REPLY);
	length_once = bench->request.reply_length;
	memcpy(query, head, at);
	while (at < sizeof(query)) {
		size_t left = sizeof(query) - at;

		memcpy(query + at, left >= 20 ? "\0\12\0\10" CLIENT "\0\3\0\0" : "\0\14\0\0", left >= 20 ? 16 : 4);
		at += left >= 20 ? 16 : 4;
	}
	assert_int_equal(ask(bench, query, sizeof(query)), HF_OUTCOME_REPLY);
	assert_int_equal(bench->message.rcode, HF_RCODE_REFUSED);
	assert_int_equal(bench->request.reply_length, length_once);
}

static void refusals_say_why(void **state)
{
	struct bench *bench = *state;
	static const struct {
		const char *question;
		size_t length;
		unsigned rcode, code;
		const char *text;
	} rows[] = {
		{"\1a\0\0\374\0\1", 7, HF_RCODE_REFUSED, 21, "transfers no zones"},
		{"\1a\0\0\1\0\3", 7, HF_RCODE_REFUSED, 21, "class IN"},
		{"\1a\0\0\200\0\1", 7, HF_RCODE_FORMERR, 30, ""}, /* NXNAME, RFC 9824 */
		{"\1a\0\0\371\0\1", 7, HF_RCODE_FORMERR, 30, ""}, /* TKEY */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t packet[64] = HEAD("\1");
		const uint8_t *data;
		char text[128] = "";
		uint16_t length = 0;

		memcpy(packet + 12, rows[i].question, rows[i].length);
		memcpy(packet + 12 + rows[i].length, OPT("\0"), 11);
		assert_int_equal(ask(bench, packet, 12 + rows[i].length + 11), HF_OUTCOME_REPLY);
		assert_int_equal(bench->message.rcode, rows[i].rcode);
		data = hf_edns_find(&bench->message.edns, HF_EDNS_OPTION_EDE, &length);
		assert_non_null(data);
		assert_int_equal(data[1], rows[i].code);
		memcpy(text, data + 2, length - 2u);
		assert_non_null(strstr(text, rows[i].text));
	}
}

#define FACT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_hexadecimal_one_or_two),
		cmocka_unit_test(secrets_are_read_from_a_file),
		FACT(a_client_cookie_gets_a_server_cookie),
		FACT(a_miss_carries_its_cookie_to_the_resolver),
		FACT(without_cookies_none_is_told),
		FACT(a_query_for_a_cookie_alone),
		FACT(while_cookies_are_required),
		FACT(nsid_and_keepalive_for_who_asks),
		FACT(options_asked_for_many_times_are_told_once),
		FACT(refusals_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
