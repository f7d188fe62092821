// SPDX-License-Identifier: BSD-3-Clause
/* A thread that owns one hf_resolver and its sockets towards servers. Questions come by its mailbox and go home with
 * their replies; cacheable answers to UDP clients are offered to the kernel tier. It sleeps in epoll_wait until mail, a
 * reply or a deadline.
 */
#pragma once
#include "cache/cache.h"
#include "io/io.h"
#include "io/promotion.h"
#include "io/serve.h"
#include "io/settings.h"
#include "io/upstream.h"
#include "resolver/resolver.h"

struct hf_resolver_thread;

struct hf_resolver_thread_setup {
	const char *name;
	const struct hf_settings *settings; /* copied */
	struct hf_cache *cache;
	const struct hf_serve_settings *serve_settings;
	const struct hf_source_ports *ports;
	unsigned exchanges;		/* queries towards servers at once */
	struct hf_steer_lane *lane;	/* its own, for steered queries; NULL: a socket each */
	struct hf_promotion *promotion; /* NULL: no kernel tier */
	const atomic_bool *stop;
};

/* Settings for a running thread: post to its mailbox with kind HF_MAIL_CONFIGURE; comes home when applied. */
struct hf_settings_mail {
	struct hf_mail mail; /* first */
	const struct hf_settings *settings;
	bool applied;
};

struct hf_resolver_thread *
hf_resolver_thread_new(const struct hf_resolver_thread_setup *setup); /* NULL: no memory or descriptors */
void hf_resolver_thread_free(struct hf_resolver_thread *thread);      /* after it was joined */
struct hf_thread *hf_resolver_thread_thread(struct hf_resolver_thread *thread);
struct hf_mailbox *hf_resolver_thread_mailbox(struct hf_resolver_thread *thread);
void hf_resolver_thread_stats(const struct hf_resolver_thread *thread,
			      struct hf_resolver_stats *stats); /* any thread */
