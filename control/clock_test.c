// SPDX-License-Identifier: BSD-3-Clause
/* The clock of a test build of holdfast-dataplane: it stands still, and a Unix socket moves it on. Never installed.
 *
 * The program is linked from the objects of the real one; this file takes the place of clock.c, and the linker (--wrap) puts it
 * before epoll_wait(), where every thread sleeps, hf_thread_start() and hf_resolver_next_deadline(). Environment:
 *   HOLDFAST_TEST_CLOCK_SOCKET  path of the Unix stream socket that is listened on
 *   HOLDFAST_TEST_CLOCK_WALL    wall time at start, seconds since 1970-01-01 UTC
 * Monotonic time starts at 1000 s. Requests and replies are lines:
 *   settle      waits until every thread sleeps and has nothing to read
 *   step N      moves both clocks N nanoseconds on, lets what is due then happen, and settles
 * Both are answered "NOW DEADLINE": monotonic nanoseconds, the second the earliest of the resolvers' deadlines, or "never"; or, when
 * a thread finds no rest within SETTLE_S real seconds, "busy TEXT".
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "control/clock.h"
#include "control/log.h"
#include "io/io.h"
#include "resolver/resolver.h"

#define BEGIN_NS (1000 * HF_NS_PER_SECOND)
#define NEVER UINT64_MAX

enum {
	THREADS_MAX = 512,
	BEAT_MS = 500, /* real time: threads must be seen alive (struct hf_thread) */
	SETTLE_S = 60,
};

/* A thread that sleeps in epoll_wait(). */
struct sleeper {
	int epoll_fd, wake_fd;
	bool asleep;
	uint64_t wake_ns;     /* its sleep's end */
	uint64_t deadline_ns; /* a resolver thread's; NEVER for the others */
};

static _Atomic uint64_t mono_ns = BEGIN_NS;
static int64_t wall_at_begin_s;
static int listener;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct sleeper sleepers[THREADS_MAX];
static unsigned sleeper_count, thread_count;
static _Thread_local struct sleeper *self;
static _Thread_local uint64_t own_deadline_ns = NEVER;

struct hf_now hf_clock_now(void)
{
	uint64_t now_ns = atomic_load(&mono_ns);

	return (struct hf_now){.mono_ns = now_ns,
			       .wall_s = wall_at_begin_s + (int64_t)((now_ns - BEGIN_NS) / HF_NS_PER_SECOND)};
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "holdfast-dataplane (test clock): %s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---- the threads ---- */

bool __real_hf_thread_start(struct hf_thread *thread);
bool __wrap_hf_thread_start(struct hf_thread *thread);
bool __wrap_hf_thread_start(struct hf_thread *thread)
{
	pthread_mutex_lock(&lock);
	thread_count++;
	pthread_mutex_unlock(&lock);
	return __real_hf_thread_start(thread);
}

uint64_t __real_hf_resolver_next_deadline(const struct hf_resolver *resolver);
uint64_t __wrap_hf_resolver_next_deadline(const struct hf_resolver *resolver);
uint64_t __wrap_hf_resolver_next_deadline(const struct hf_resolver *resolver)
{
	return own_deadline_ns = __real_hf_resolver_next_deadline(resolver);
}

static void fall_asleep(int epoll_fd, int timeout_ms)
{
	uint64_t now_ns = atomic_load(&mono_ns);

	pthread_mutex_lock(&lock);
	if (!self) {
		if (sleeper_count == THREADS_MAX)
			abort();
		self = &sleepers[sleeper_count++];
		self->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (self->wake_fd < 0)
			die("eventfd");
	}
	self->epoll_fd = epoll_fd;
	self->deadline_ns = own_deadline_ns;
	self->wake_ns = timeout_ms < 0 ? NEVER : now_ns + (uint64_t)timeout_ms * HF_NS_PER_MS;
	/* sleeps are whole milliseconds, and cut so that a beat comes in time */
	if (own_deadline_ns != NEVER)
		self->wake_ns = own_deadline_ns;
	self->asleep = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void wake_up(void)
{
	uint64_t count;

	pthread_mutex_lock(&lock);
	self->asleep = false;
	(void)!read(self->wake_fd, &count, sizeof(count));
	pthread_mutex_unlock(&lock);
}

/* Returns without an event also after BEAT_MS, which looks like the end of a sleep to the thread and changes nothing: it asks the
 * clock what is due. */
int __real_epoll_wait(int epoll_fd, struct epoll_event *events, int max, int timeout_ms);
int __wrap_epoll_wait(int epoll_fd, struct epoll_event *events, int max, int timeout_ms);
int __wrap_epoll_wait(int epoll_fd, struct epoll_event *events, int max, int timeout_ms)
{
	if (timeout_ms != 0) {
		fall_asleep(epoll_fd, timeout_ms);
		struct pollfd entries[2] = {{.fd = epoll_fd, .events = POLLIN}, {.fd = self->wake_fd, .events = POLLIN}};
		poll(entries, 2, BEAT_MS);
		wake_up();
	}
	return __real_epoll_wait(epoll_fd, events, max, 0);
}

/* ---- time ---- */

static void step(uint64_t by_ns)
{
	uint64_t one = 1, now_ns = atomic_fetch_add(&mono_ns, by_ns) + by_ns;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < sleeper_count; i++)
		if (sleepers[i].asleep && sleepers[i].wake_ns <= now_ns) {
			sleepers[i].asleep = false; /* it has something to do before it may be called at rest */
			(void)!write(sleepers[i].wake_fd, &one, sizeof(one));
		}
	pthread_mutex_unlock(&lock);
}

/* Nobody is at work and nobody has anything to read, so nothing happens unless something comes from outside: whoever works is
 * awake, and whoever is woken finds it readable. */
static bool at_rest(void)
{
	if (sleeper_count < thread_count)
		return false;
	for (unsigned i = 0; i < sleeper_count; i++) {
		struct pollfd entry = {.fd = sleepers[i].epoll_fd, .events = POLLIN};

		if (!sleepers[i].asleep || poll(&entry, 1, 0) != 0)
			return false;
	}
	return true;
}

/* False when it does not come to that. */
static bool settle(uint64_t *deadline_ns)
{
	struct timespec end, turn;
	bool rest;

	clock_gettime(CLOCK_REALTIME, &end);
	turn = end;
	end.tv_sec += SETTLE_S;
	pthread_mutex_lock(&lock);
	while (!(rest = at_rest()) && turn.tv_sec < end.tv_sec) {
		clock_gettime(CLOCK_REALTIME, &turn);
		turn.tv_nsec += 20 * HF_NS_PER_MS;
		if (turn.tv_nsec >= (long)HF_NS_PER_SECOND) {
			turn.tv_nsec -= HF_NS_PER_SECOND;
			turn.tv_sec++;
		}
		pthread_cond_timedwait(&changed, &lock, &turn);
	}
	*deadline_ns = NEVER;
	for (unsigned i = 0; i < sleeper_count; i++)
		if (sleepers[i].deadline_ns < *deadline_ns)
			*deadline_ns = sleepers[i].deadline_ns;
	pthread_mutex_unlock(&lock);
	return rest;
}

/* ---- the socket ---- */

static void answer(FILE *in, FILE *out)
{
	char line[64];

	while (fgets(line, sizeof(line), in)) {
		uint64_t by_ns, deadline_ns;

		if (sscanf(line, "step %" SCNu64, &by_ns) == 1)
			step(by_ns);
		else if (strcmp(line, "settle\n") != 0) {
			fputs("unknown request\n", out);
			fflush(out);
			continue;
		}
		if (!settle(&deadline_ns))
			fprintf(out, "busy: a thread found no rest in %d s\n", SETTLE_S);
		else if (deadline_ns == NEVER)
			fprintf(out, "%" PRIu64 " never\n", atomic_load(&mono_ns));
		else
			fprintf(out, "%" PRIu64 " %" PRIu64 "\n", atomic_load(&mono_ns), deadline_ns);
		fflush(out);
	}
}

static void *serve(void *unused)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		FILE *in = fd < 0 ? NULL : fdopen(fd, "r"), *out = in ? fdopen(dup(fd), "w") : NULL;

		if (out) {
			answer(in, out);
			fclose(out);
		}
		if (in)
			fclose(in);
		else if (fd >= 0)
			close(fd);
	}
	return unused;
}

/* Before main(): the clock stands still from the first look at it. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("HOLDFAST_TEST_CLOCK_SOCKET"), *wall = getenv("HOLDFAST_TEST_CLOCK_WALL");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	sigset_t all, before;
	pthread_t thread;

	if (!path || !wall || strlen(path) >= sizeof(address.sun_path)) {
		fputs("holdfast-dataplane: this is a test build: its clock stands still. It needs "
		      "HOLDFAST_TEST_CLOCK_SOCKET and HOLDFAST_TEST_CLOCK_WALL in its environment.\n",
		      stderr);
		exit(2);
	}
	wall_at_begin_s = strtoll(wall, NULL, 10);
	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 1) != 0)
		die(path);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if ((errno = pthread_create(&thread, NULL, serve, NULL)) != 0)
		die("pthread_create");
	pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	hf_log(HF_LOG_WARNING, "test-clock", "wall=%s text=\"test build: the clock stands still until it is told to go on\"",
	       wall);
}
