// SPDX-License-Identifier: BSD-3-Clause
/* The parts of a running dataplane, made by main and given to housekeeping, which reports on them and reloads their
 * settings. */
#pragma once
#include "io/io.h"
#include "io/kernel_tier.h"
#include "io/resolver_thread.h"
#include "io/settings.h"
#include "io/tcp.h"

enum { HF_WORKERS_MAX = 2 }; /* dpdk and sockets */

struct hf_worker {
	const struct hf_io_backend *backend;
	void *io;
	struct hf_serve *serve;
	struct hf_thread thread;
};

struct hf_parts {
	/* Replaced at a reload, by housekeeping. */
	struct hf_config *config;
	struct hf_dns64_table dns64; /* only grows */
	uint8_t cookie_secret[HF_SIPHASH_KEY]; /* drawn at start, for a file that names none */
	uint64_t private_content;    /* hf_private_content() */

	/* Made before any thread runs, then constant. */
	struct hf_now started;
	struct hf_cache *cache;
	struct hf_settings_shared shared; /* of validation */
	struct hf_serve_settings serve_settings; /* its fields are atomic */
	struct hf_dispatch dispatch;
	struct hf_source_ports *source_ports;
	struct hf_steer *steer; /* NULL: each query towards a server has a socket */
	unsigned resolver_count;
	struct hf_resolver_thread **resolvers;
	struct hf_resolver_thread
		*tracer; /* resolves for `holdfastctl trace` alone, so that its story is of one question */
	unsigned worker_count;
	struct hf_worker workers[HF_WORKERS_MAX];
	struct hf_tcp *tcp;
	struct hf_serve *tcp_serve;
	struct hf_thread tcp_thread;
	unsigned promotion_count;
	struct hf_promotion **promotions; /* one a sender; empty when the fast path is off */
	struct hf_kernel_tier *kernel_tier;

	atomic_bool stop;	   /* main writes, all threads read */
	atomic_bool ready;	   /* main writes: clients are served */
	atomic_bool reload_wanted; /* main writes at SIGHUP, housekeeping clears */
};
