// SPDX-License-Identifier: BSD-3-Clause
/* The shell of the dataplane: everything with sockets, rte_ or threads is behind this header and the ones it includes.
 * The core never includes it.
 *
 * A packet back end is a way in for UDP queries. Two exist: `sockets` and `dpdk`. With `dpdk` both run, each in its own
 * worker thread with its own hf_serve: what the kernel's stack still gets (loopback, fragments, another interface) is
 * answered by `sockets`.
 */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/now.h"
#include "base/random.h"
#include "control/clock.h"
#include "control/config.h"
#include "control/log.h"
#include "io/serve.h"

#define HF_IO_ERROR_MAX 512

/* ---- threads ---- */

/* A thread of the dataplane. It registers with QSBR before the body and unregisters after; the body returns soon after
 * *stop is set and beats at least once a second (the systemd watchdog is fed only while all do). */
struct hf_thread {
	char name[16];
	void (*body)(void *argument, struct hf_thread *self);
	void *argument;
	const atomic_bool *stop;
	struct hf_mailbox *mailbox; /* woken when stopping; NULL for a body that polls */
	pthread_t id;
	bool started;
	_Atomic uint64_t beats;
};
bool hf_thread_start(struct hf_thread *thread); /* false with errno */
void hf_thread_join(struct hf_thread *thread);	/* wakes it first; fine when never started */

/* Where a thread with a mailbox waits: up to `timeout_ms` for mail or an event of `epoll_fd`, in which hf_mailbox_watch() put the
 * mailbox; 0 only looks. The thread is QSBR offline meanwhile and so holds nothing of the cache. Returns how many events
 * there are, the mailbox's own not among them. */
struct epoll_event;
int hf_thread_wait(struct hf_mailbox *mailbox, int epoll_fd, struct epoll_event *events, int max, int timeout_ms);

static inline bool hf_thread_stopping(const struct hf_thread *thread)
{
	return atomic_load_explicit(thread->stop, memory_order_relaxed);
}

static inline void hf_thread_beat(struct hf_thread *thread)
{
	atomic_store_explicit(&thread->beats, atomic_load_explicit(&thread->beats, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* ---- packet back ends ---- */

struct hf_io_backend {
	const char *name;
	/* Main thread, before privileges are dropped and before any thread runs: opens ports or sockets. `serve` is
	 * this back end's own. NULL on a fault, with a text for a person in `error`. */
	void *(*open)(const struct hf_config *config, struct hf_serve *serve, char error[HF_IO_ERROR_MAX]);
	/* Worker thread's body (already a QSBR reader): receives, serves, sends, until stopping. */
	void (*run)(void *io, struct hf_thread *self);
	/* Main thread, after run() returned (or was never called). */
	void (*close)(void *io);
};

extern const struct hf_io_backend hf_io_sockets;
extern const struct hf_io_backend hf_io_dpdk; /* only in builds with DPDK (HF_WITH_DPDK) */

/* ---- chance ---- */

/* A CSPRNG for the calling thread: getrandom(2), buffered. One per thread. */
struct hf_entropy;
struct hf_entropy *hf_entropy_new(void); /* NULL without memory */
void hf_entropy_free(struct hf_entropy *entropy);
struct hf_random hf_entropy_random(struct hf_entropy *entropy);
