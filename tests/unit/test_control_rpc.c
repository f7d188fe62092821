// SPDX-License-Identifier: BSD-3-Clause
/* Framing on the Unix socket, from both ends: requests that are wrong get an error and no connection brings the server down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "control/log.h"
#include "control/rpc_client.h"
#include "control/rpc_protocol.h"
#include "control/rpc_server.h"

struct fixture {
	char directory[64], path[96];
	struct hf_rpc_server *server;
};

static json_t *handle(void *state, const char *method, const json_t *params, char error[HF_RPC_ERROR_MAX])
{
	(void)state;
	if (strcmp(method, "echo") == 0)
		return json_pack("{s:O?}", "params", params);
	if (strcmp(method, "large") == 0) {
		char *text = malloc(600000);
		json_t *result;

		memset(text, 'x', 600000);
		result = json_pack("{s:s#}", "text", text, 600000);
		free(text);
		return result;
	}
	if (strcmp(method, "slow") == 0) {
		nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
		return json_object();
	}
	snprintf(error, HF_RPC_ERROR_MAX, "there is no method '%.64s'", method);
	return NULL;
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char error[HF_RPC_ERROR_MAX] = "";

	hf_log_set_level(HF_LOG_ERROR);
	strcpy(fixture->directory, "/tmp/holdfast-rpc-XXXXXX");
	if (!mkdtemp(fixture->directory))
		return -1;
	/* The last directory is the server's to make. */
	snprintf(fixture->path, sizeof(fixture->path), "%s/run/test.sock", fixture->directory);
	fixture->server = hf_rpc_server_start(fixture->path, handle, fixture, error);
	if (!fixture->server)
		print_error("%s\n", error);
	*state = fixture;
	return fixture->server ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	char path[128];
	bool removed;

	hf_rpc_server_stop(fixture->server);
	removed = access(fixture->path, F_OK) != 0;
	snprintf(path, sizeof(path), "%s.lock", fixture->path);
	unlink(path);
	snprintf(path, sizeof(path), "%s/run", fixture->directory);
	rmdir(path);
	rmdir(fixture->directory);
	free(fixture);
	return removed ? 0 : -1;
}

static int connect_to(const char *path)
{
	const struct timeval limit = {.tv_sec = 5};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* One line without its newline; "" when the server closed. */
static void read_line(int fd, char *line, size_t size)
{
	size_t length = 0;

	while (length + 1 < size && recv(fd, line + length, 1, 0) == 1 && line[length] != '\n')
		length++;
	line[length] = '\0';
}

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *request, *answer;
} rows[] = {
	{"{\"method\": \"echo\", \"params\": {\"a\": [1, \"\\u00e9\"]}}\n", "{\"result\":{\"params\":{\"a\":[1,\"\xc3\xa9\"]}}}"},
	{"{\"method\": \"echo\"}\n", "{\"result\":{\"params\":null}}"},
	{"{\"method\": \"echo\", \"params\": null}\r\n", "{\"result\":{\"params\":null}}"},
	{"{\"method\": \"none\"}\n", "{\"error\":\"there is no method 'none'\"}"},
	/* The text cuts the name inside its last letter. */
	{"{\"method\": \"" A63 "\xc3\xa9\"}\n", "{\"error\":\"there is no method '" A63 "?'\"}"},
	{"{\"method\": \"echo\", \"params\": [1]}\n", "{\"error\":\"params is not an object\"}"},
	{"{\"method\": 5}\n", "{\"error\":\"the request has no method\"}"},
	{"{}\n", "{\"error\":\"the request has no method\"}"},
	{"[]\n", "{\"error\":\"the request has no method\"}"},
	{"\n", "{\"error\":\"not JSON: "},
	{"echo\n", "{\"error\":\"not JSON: "},
	{"{\"method\": \"echo\"} {}\n", "{\"error\":\"not JSON: "},
	{"{\"method\": \"echo\", \"method\": \"none\"}\n", "{\"error\":\"not JSON: duplicate object key"},
	{"{\"method\": \"\xff\"}\n", "{\"error\":\"not JSON: "},
	{"{\"method\": \"a\\u0000b\"}\n", "{\"error\":\"not JSON: "},
};

static void each_line_gets_its_answer_on_one_connection(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(fixture->path);
	char line[1024];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		send_text(fd, rows[i].request);
		read_line(fd, line, sizeof(line));
		if (strncmp(line, rows[i].answer, strlen(rows[i].answer)) != 0)
			fail_msg("row %zu: wanted %s, got %s", i, rows[i].answer, line);
	}
	close(fd);
}

static void lines_that_come_in_pieces_or_together_are_told_apart(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(fixture->path);
	char line[1024];

	for (const char *c = rows[1].request; *c; c++)
		assert_int_equal(send(fd, c, 1, MSG_NOSIGNAL), 1);
	read_line(fd, line, sizeof(line));
	assert_string_equal(line, rows[1].answer);
	send_text(fd, "{\"method\": \"echo\"}\n{\"method\": \"none\"}\n{\"method\": \"ec");
	read_line(fd, line, sizeof(line));
	assert_string_equal(line, rows[1].answer);
	read_line(fd, line, sizeof(line));
	assert_string_equal(line, rows[3].answer);
	send_text(fd, "ho\"}\n");
	read_line(fd, line, sizeof(line));
	assert_string_equal(line, rows[1].answer);
	close(fd);
}

static void an_oversized_line_is_refused_and_the_connection_closed(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(fixture->path);
	size_t size = HF_RPC_LINE_MAX + 65536, sent = 0;
	char *text = malloc(size), line[256];

	memset(text, ' ', size);
	while (sent < size) {
		ssize_t got = send(fd, text + sent, size - sent, MSG_NOSIGNAL);

		assert_true(got > 0);
		sent += (size_t)got;
	}
	read_line(fd, line, sizeof(line));
	assert_string_equal(line, "{\"error\":\"the line is longer than any request\"}");
	read_line(fd, line, sizeof(line));
	assert_string_equal(line, "");
	close(fd);
	free(text);
	/* A line of the largest size is taken. */
	fd = connect_to(fixture->path);
	text = malloc(HF_RPC_LINE_MAX + 1);
	memset(text, ' ', HF_RPC_LINE_MAX);
	memcpy(text, "{\"method\": \"echo\"}", 18);
	text[HF_RPC_LINE_MAX - 1] = '\n';
	text[HF_RPC_LINE_MAX] = '\0';
	send_text(fd, text);
	read_line(fd, line, sizeof(line));
	assert_string_equal(line, rows[1].answer);
	close(fd);
	free(text);
}

static void a_client_that_goes_away_or_is_slow_holds_up_nobody(void **state)
{
	struct fixture *fixture = *state;
	int idle = connect_to(fixture->path), gone = connect_to(fixture->path), half = connect_to(fixture->path);
	char error[HF_RPC_ERROR_MAX];
	json_t *result;

	send_text(half, "{\"method\":");
	send_text(gone, "{\"method\": \"slow\"}\n");
	close(gone);
	assert_int_equal(hf_rpc_call(fixture->path, "echo", NULL, 2000, &result, error), HF_RPC_RESULT);
	json_decref(result);
	close(idle);
	close(half);
}

static void more_clients_than_threads_are_served_in_turn(void **state)
{
	struct fixture *fixture = *state;
	int fds[HF_RPC_CLIENTS_MAX + 4];
	char line[128];

	for (unsigned i = 0; i < HF_RPC_CLIENTS_MAX + 4; i++) {
		fds[i] = connect_to(fixture->path);
		send_text(fds[i], "{\"method\": \"echo\"}\n");
	}
	for (unsigned i = 0; i < HF_RPC_CLIENTS_MAX + 4; i++) {
		read_line(fds[i], line, sizeof(line));
		assert_string_equal(line, rows[1].answer);
		close(fds[i]);
	}
}

static void the_client_tells_result_error_and_silence_apart(void **state)
{
	struct fixture *fixture = *state;
	char error[HF_RPC_ERROR_MAX];
	json_t *result, *params = json_pack("{s:i}", "n", 5);

	assert_int_equal(hf_rpc_call(fixture->path, "echo", params, 2000, &result, error), HF_RPC_RESULT);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(result, "params"), "n")), 5);
	json_decref(result);
	json_decref(params);
	assert_int_equal(hf_rpc_call(fixture->path, "large", NULL, 5000, &result, error), HF_RPC_RESULT);
	assert_int_equal(json_string_length(json_object_get(result, "text")), 600000);
	json_decref(result);
	assert_int_equal(hf_rpc_call(fixture->path, "none", NULL, 2000, &result, error), HF_RPC_ERROR);
	assert_string_equal(error, "there is no method 'none'");
	assert_int_equal(hf_rpc_call(fixture->path, "slow", NULL, 50, &result, error), HF_RPC_UNREACHABLE);
	assert_non_null(strstr(error, "no answer within 50 ms"));
	assert_int_equal(hf_rpc_call("/nonexistent/x.sock", "echo", NULL, 50, &result, error), HF_RPC_UNREACHABLE);
	assert_non_null(strstr(error, "/nonexistent/x.sock: "));
	assert_null(result);
}

static void the_socket_is_for_owner_and_group(void **state)
{
	struct fixture *fixture = *state;
	struct stat info;

	assert_int_equal(stat(fixture->path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0660);
}

static void a_second_server_is_refused_and_a_dead_ones_socket_replaced(void **state)
{
	struct fixture *fixture = *state;
	char error[HF_RPC_ERROR_MAX], path[128], lock[160];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct hf_rpc_server *server;
	int fd;

	assert_null(hf_rpc_server_start(fixture->path, handle, NULL, error));
	assert_non_null(strstr(error, "is served by another process already"));
	/* A socket file whose process was killed: bound once, nobody listens. */
	snprintf(path, sizeof(path), "%s/run/dead.sock", fixture->directory);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	server = hf_rpc_server_start(path, handle, NULL, error);
	assert_non_null(server);
	hf_rpc_server_stop(server);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_gets_its_answer_on_one_connection),
		cmocka_unit_test(lines_that_come_in_pieces_or_together_are_told_apart),
		cmocka_unit_test(an_oversized_line_is_refused_and_the_connection_closed),
		cmocka_unit_test(a_client_that_goes_away_or_is_slow_holds_up_nobody),
		cmocka_unit_test(more_clients_than_threads_are_served_in_turn),
		cmocka_unit_test(the_client_tells_result_error_and_silence_apart),
		cmocka_unit_test(the_socket_is_for_owner_and_group),
		cmocka_unit_test(a_second_server_is_refused_and_a_dead_ones_socket_replaced),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
