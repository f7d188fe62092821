// SPDX-License-Identifier: BSD-3-Clause
/* The second opinion: each case resolved by a libunbound of its own (its caches must be fresh), whose servers are a thread of this process
 * on 198.51.100.1–4 port 53. To be run in a network namespace that has these addresses.
 *
 *   mutation-unbound CORPUS CASES CONFIG [--asked]      one line a case; --asked: what was asked instead of what had no reply
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unbound.h>
#include "corpus.h"

static struct corpus corpus;
static struct corpus_case *current; /* set while no query is under way */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char notes[65536];
static bool note_all;

static void serve(unsigned level, int fd)
{
	uint8_t query[4096], reply[65536] = {0};
	struct sockaddr_in from;
	socklen_t from_length = sizeof(from);
	ssize_t length = recvfrom(fd, query, sizeof(query), 0, (struct sockaddr *)&from, &from_length);
	const struct corpus_reply *found;
	size_t size;

	if (length < 12)
		return;
	pthread_mutex_lock(&lock);
	found = corpus_find(&corpus, current, level, query, (size_t)length);
	if (note_all || !found)
		corpus_note(notes, sizeof(notes), level, query, (size_t)length);
	if (found) {
		size = found->length;
		memcpy(reply, found->message, size);
	} else {
		size = (size_t)length;
		memcpy(reply, query, size);
		reply[2] |= 0x80;
		reply[3] = 5; /* REFUSED */
	}
	pthread_mutex_unlock(&lock);
	memcpy(reply, query, 2);
	sendto(fd, reply, size, 0, (struct sockaddr *)&from, from_length);
}

static void *servers(void *argument)
{
	struct pollfd *fds = argument;

	for (;;) {
		if (poll(fds, CORPUS_LEVELS, -1) < 0)
			return NULL;
		for (unsigned i = 0; i < CORPUS_LEVELS; i++)
			if (fds[i].revents & POLLIN)
				serve(i, fds[i].fd);
	}
}

static const char *verdict_of(const struct ub_result *result)
{
	if (result->bogus)
		return "bogus";
	if (result->rcode == 2)
		return "failed";
	return result->secure ? "secure" : "insecure";
}

static void fail(const char *what, int error)
{
	fprintf(stderr, "mutation-unbound: %s: %s\n", what, ub_strerror(error));
	exit(2);
}

static void text_of(const uint8_t *name, char *text)
{
	if (*name == 0)
		strcpy(text, ".");
	for (; *name; name += 1 + *name)
		text += sprintf(text, "%.*s.", *name, (const char *)name + 1);
}

static void resolve(struct corpus_case *asked, const char *config)
{
	struct ub_ctx *context = ub_ctx_create();
	struct ub_result *result = NULL;
	char name[1024], date[32];
	int error;

	pthread_mutex_lock(&lock);
	current = asked;
	notes[0] = '\0';
	pthread_mutex_unlock(&lock);
	if (!context)
		fail("no context", UB_NOMEM);
	snprintf(date, sizeof(date), "%lld", (long long)corpus.now_s);
	if ((error = ub_ctx_config(context, config)) || (error = ub_ctx_set_option(context, "val-override-date:", date)))
		fail(config, error);
	text_of(asked->name, name);
	if ((error = ub_resolve(context, name, asked->type, 1, &result)))
		fail(name, error);
	pthread_mutex_lock(&lock);
	corpus_tell(asked, verdict_of(result), notes, result->why_bogus ? result->why_bogus : "", result->answer_packet,
		    result->answer_packet ? (size_t)result->answer_len : 0);
	pthread_mutex_unlock(&lock);
	ub_resolve_free(result);
	ub_ctx_delete(context);
}

int main(int argc, char **argv)
{
	struct pollfd fds[CORPUS_LEVELS];
	pthread_t thread;

	if (argc < 4) {
		fprintf(stderr, "usage: mutation-unbound CORPUS CASES CONFIG [--asked]\n");
		return 2;
	}
	note_all = argc > 4 && strcmp(argv[4], "--asked") == 0;
	corpus_load(&corpus, argv[1]);
	corpus_load_cases(&corpus, argv[2]);
	for (unsigned i = 0; i < CORPUS_LEVELS; i++) {
		struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(CORPUS_ADDRESS(i))};

		fds[i] = (struct pollfd){.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
		if (fds[i].fd < 0 || bind(fds[i].fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
			perror("mutation-unbound: a server's address");
			return 2;
		}
	}
	if (pthread_create(&thread, NULL, servers, fds) != 0) {
		perror("mutation-unbound");
		return 2;
	}
	for (uint32_t i = 0; i < corpus.case_count; i++)
		resolve(&corpus.cases[i], argv[3]);
	return 0;
}
