// SPDX-License-Identifier: BSD-3-Clause
/* Upkeep in small steps, so that the control socket is never kept waiting. */
#include "io/housekeeping.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <urcu-qsbr.h>
#include "io/local_flush.h"
#include "io/trust_flush.h"
#include "io/rpc.h"

enum {
	EVENTS_A_TURN = 16,
	TICKETS = 4096,		 /* refetches under way for the hot table */
	PROMOTIONS_A_TURN = 512, /* of one ring */
	TURN_MS = 10,		 /* while there is something to promote or to free */
	IDLE_TURN_MS = 100,
};
#define CHECK_NS HF_NS_PER_SECOND
#define REFETCH_NS HF_NS_PER_SECOND /* so long a refetch is given; then its result goes up to the kernel */

struct hf_housekeeping {
	struct hf_parts *parts;
	struct hf_thread thread;
	struct hf_mailbox mailbox;
	struct hf_ticket_pool *tickets;
	struct hf_rpc *rpc;
	int epoll_fd;
	uint64_t next_check_ns;
	/* Refetches whose result is waited for, oldest first; arrived_ns is when they were asked for. */
	struct hf_ticket *refetched_first, **refetched_end;
	struct hf_now now;
	/* A trace: one at a time. */
	struct hf_ticket *traced; /* NULL: none */
	char *story;
	size_t story_length;
	/* A reload: settings live until all threads have taken them over. */
	struct hf_settings *settings;
	struct hf_settings_mail *settings_mails;
	unsigned settings_under_way;
	/* What the reload changed of the names and addresses that answers depend on: flushed at once, and again when no thread works by the old
	 * settings any more. */
	struct hf_local *former_local; /* one reference */
	bool local_changed, private_changed;
	struct hf_trust_change trust_change;
	bool kernel_lags; /* access rules were taken over that the kernel has not */
};

/* ---- the kernel tier ---- */

/* Asked for by the hot table: clients the kernel answers still want this name, and its end is near. */
static void refresh(void *state, const uint8_t *name, uint16_t qtype, uint16_t qclass)
{
	struct hf_housekeeping *self = state;
	struct hf_ticket *ticket;
	struct hf_query query = {.qtype = qtype, .qclass = qclass};

	if (!atomic_load_explicit(&self->parts->serve_settings.prefetch, memory_order_relaxed))
		return;
	ticket = hf_ticket_take(self->tickets, &self->mailbox);
	if (!ticket)
		return; /* the entry expires, and its next query is an ordinary miss */
	query.name_length = (uint8_t)hf_name_lower(name, query.name);
	hf_ticket_set_query(ticket, &query);
	ticket->mail.kind = HF_MAIL_PREFETCH;
	ticket->arrived_ns = self->now.mono_ns;
	hf_mailbox_post(hf_dispatch_pick(&self->parts->dispatch, query.name, query.name_length, qtype, qclass),
			&ticket->mail);
}

/* A refetch under way: its ticket came home when the resolver thread took it. */
static void keep_refetched(struct hf_housekeeping *self, struct hf_ticket *ticket)
{
	ticket->next_free = NULL;
	*self->refetched_end = ticket;
	self->refetched_end = &ticket->next_free;
}

static void renew(struct hf_housekeeping *self)
{
	struct hf_ticket *ticket;

	while ((ticket = self->refetched_first) && self->now.mono_ns - ticket->arrived_ns >= REFETCH_NS) {
		self->refetched_first = ticket->next_free;
		if (!self->refetched_first)
			self->refetched_end = &self->refetched_first;
		hf_kernel_tier_renew(self->parts->kernel_tier, &ticket->query, self->parts->cache, self->now);
		hf_ticket_give(self->tickets, ticket);
	}
}

/* What a former process left there was made by its configuration. */
static void flush_adopted(struct hf_housekeeping *self)
{
	const struct hf_config *config = self->parts->config;
	struct hf_private private = {.addresses = config->private_addresses,
				     .address_count = (unsigned)config->private_address_count};

	hf_local_flush_adopted(self->parts, &private);
}

/* True when a ring had so many offers that the next turn should come at once. */
static bool promote(struct hf_housekeeping *self)
{
	struct hf_parts *parts = self->parts;
	bool more = false;

	for (unsigned i = 0; i < parts->promotion_count; i++)
		more |= hf_kernel_tier_promote(parts->kernel_tier, parts->promotions[i], parts->cache,
					       PROMOTIONS_A_TURN, self->now) == PROMOTIONS_A_TURN;
	if (self->now.mono_ns >= self->next_check_ns) {
		if (hf_kernel_tier_check(parts->kernel_tier))
			flush_adopted(self);
		self->next_check_ns = self->now.mono_ns + CHECK_NS;
	}
	hf_kernel_tier_tend(parts->kernel_tier, self->now, refresh, self);
	return more;
}

/* ---- the cache ---- */

/* True when there was something to free. */
static bool reclaim(struct hf_housekeeping *self)
{
	struct hf_cache_batch *batch = hf_cache_take_retired(self->parts->cache);

	if (!batch)
		return false;
	synchronize_rcu();
	hf_cache_free_retired(self->parts->cache, batch);
	return true;
}

/* ---- traces ---- */

bool hf_housekeeping_trace(struct hf_housekeeping *self, const uint8_t *name, uint16_t qtype, uint64_t connection)
{
	struct hf_query query = {.qtype = qtype, .qclass = HF_CLASS_IN, .flags = HF_FLAG_RD};
	struct hf_ticket *ticket;

	if (self->traced || !(ticket = hf_ticket_take(self->tickets, &self->mailbox)))
		return false;
	ticket->story = open_memstream(&self->story, &self->story_length);
	if (!ticket->story) {
		hf_ticket_give(self->tickets, ticket);
		return false;
	}
	query.name_length = (uint8_t)hf_name_lower(name, query.name);
	hf_ticket_set_query(ticket, &query);
	ticket->tcp = true; /* nothing is truncated */
	ticket->mail.kind = HF_MAIL_QUESTION;
	memcpy(ticket->arrival, &connection, sizeof(connection));
	self->traced = ticket;
	hf_mailbox_post(hf_resolver_thread_mailbox(self->parts->tracer), &ticket->mail);
	return true;
}

static void close_story(struct hf_housekeeping *self)
{
	fclose(self->traced->story);
	self->traced = NULL;
}

static void finish_trace(struct hf_housekeeping *self)
{
	unsigned rcode = self->traced->rcode;
	uint64_t connection;

	memcpy(&connection, self->traced->arrival, sizeof(connection));
	close_story(self);
	hf_rpc_traced(self->rpc, connection, rcode, self->story);
	free(self->story);
	self->story = NULL;
}

/* ---- reload ---- */

static void flush_changed(struct hf_housekeeping *self)
{
	struct hf_parts *parts = self->parts;

	hf_trust_change_flush(parts, &self->trust_change);
	if (self->private_changed)
		hf_local_flush_all(parts);
	else if (self->local_changed)
		hf_local_flush(parts, self->former_local, atomic_load_explicit(&parts->serve_settings.local, memory_order_relaxed));
}

static void forget_settings(struct hf_housekeeping *self)
{
	hf_local_drop(self->former_local);
	self->former_local = NULL;
	hf_trust_change_free(&self->trust_change);
	free(self->settings_mails);
	hf_settings_free(self->settings);
	self->settings_mails = NULL;
	self->settings = NULL;
}

static void settings_taken(struct hf_housekeeping *self, const struct hf_settings_mail *mail)
{
	if (!mail->applied)
		hf_log(HF_LOG_ERROR, "reload-incomplete",
		       "text=\"a resolver thread had no memory for the new settings and keeps the old ones\"");
	if (--self->settings_under_way == 0) {
		flush_changed(self);
		forget_settings(self);
	}
}

static void send_settings(struct hf_housekeeping *self)
{
	struct hf_parts *parts = self->parts;

	self->settings_under_way = parts->resolver_count + 1;
	for (unsigned i = 0; i < self->settings_under_way; i++) {
		struct hf_resolver_thread *to = i < parts->resolver_count ? parts->resolvers[i] : parts->tracer;
		struct hf_settings_mail *mail = &self->settings_mails[i];

		mail->mail.home = &self->mailbox;
		mail->mail.kind = HF_MAIL_CONFIGURE;
		mail->settings = self->settings;
		hf_mailbox_post(hf_resolver_thread_mailbox(to), &mail->mail);
	}
}

/* Effective for the next message that a worker takes. By now a question of a new DNS64 prefix finds the prefix known: the resolver threads' new
 * settings lie in their mailboxes before it. */
static void publish_access(struct hf_housekeeping *self)
{
	struct hf_parts *parts = self->parts;
	const struct hf_access *former =
		atomic_exchange_explicit(&parts->serve_settings.access, self->settings->access, memory_order_acq_rel);

	self->settings->access = NULL;
	parts->dns64 = self->settings->resolver.dns64;
	synchronize_rcu();
	hf_access_free((struct hf_access *)former);
}

static void publish_clients(struct hf_housekeeping *self, struct hf_clients *clients)
{
	const struct hf_clients *former = atomic_exchange_explicit(&self->parts->serve_settings.clients, clients,
								   memory_order_acq_rel);

	synchronize_rcu();
	hf_clients_free((struct hf_clients *)former);
}

/* Before publish_access(), whose grace period is this table's too. */
static void publish_local(struct hf_housekeeping *self)
{
	struct hf_parts *parts = self->parts;
	const struct hf_resolver_config *next = &self->settings->resolver;
	uint64_t private_content = hf_private_content(&next->private);

	self->former_local =
		atomic_exchange_explicit(&parts->serve_settings.local, self->settings->local, memory_order_acq_rel);
	self->settings->local = NULL;
	self->local_changed = hf_local_content(self->former_local) != hf_local_content(next->local);
	self->private_changed = parts->private_content != private_content;
	parts->private_content = private_content;
}

/* The kernel's rules are holdfastd's to write. */
static void look_at_the_kernels_rules(struct hf_housekeeping *self, const struct hf_config *next, bool kernel_follows)
{
	bool lags = self->kernel_lags || !hf_config_access_equal(self->parts->config, next);

	self->kernel_lags = lags && !kernel_follows && hf_kernel_tier_open(self->parts->kernel_tier);
	if (self->kernel_lags)
		hf_log(HF_LOG_WARNING, "kernel-keeps-rules",
		       "text=\"access-control changed, and the kernel obeys the former rules until holdfastd is reloaded\"");
}

bool hf_housekeeping_kernel_lags(const struct hf_housekeeping *self)
{
	return self->kernel_lags;
}

bool hf_housekeeping_reload(struct hf_housekeeping *self, const char *path, bool kernel_follows,
			    char error[HF_CONFIG_ERROR_MAX])
{
	struct hf_parts *parts = self->parts;
	struct hf_config *next;
	struct hf_clients *clients;
	const char *key;

	if (self->settings) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "the last reload is still being applied");
		return false;
	}
	next = hf_config_load(path ? path : parts->config->path, error);
	if (!next)
		return false;
	key = hf_config_needs_restart(parts->config, next);
	if (key) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "%s: a change of '%s' needs a restart; nothing was changed",
			 next->path, key);
		hf_config_free(next);
		return false;
	}
	clients = hf_clients_new(next, parts->cookie_secret, error);
	self->settings = clients ? hf_settings_new(next, &parts->dns64, &parts->shared, error) : NULL;
	if (!self->settings) {
		hf_clients_free(clients);
		hf_config_free(next);
		return false;
	}
	self->settings_mails = calloc(parts->resolver_count + 1, sizeof(*self->settings_mails));
	if (!self->settings_mails || !hf_trust_change_find(parts->config, next, &self->trust_change)) {
		snprintf(error, HF_CONFIG_ERROR_MAX, "out of memory");
		hf_clients_free(clients);
		forget_settings(self);
		hf_config_free(next);
		return false;
	}
	/* From here on nothing fails. The mails' settings point into `next`, which stays as parts->config. */
	send_settings(self);
	publish_local(self);
	publish_access(self);
	publish_clients(self, clients);
	flush_changed(self);
	atomic_store_explicit(&parts->serve_settings.edns_size, next->edns_size, memory_order_relaxed);
	atomic_store_explicit(&parts->serve_settings.prefetch, next->prefetch, memory_order_relaxed);
	atomic_store_explicit(&parts->serve_settings.wait_limit, next->wait_limit, memory_order_relaxed);
	atomic_store_explicit(&parts->serve_settings.discard_timeout_ms, next->discard_timeout_ms,
			      memory_order_relaxed);
	hf_cache_set_ttls(parts->cache, next->min_ttl, next->max_ttl, next->max_negative_ttl);
	hf_tcp_set_idle(parts->tcp, next->tcp_idle_ms);
	hf_log_set_level(next->log_level);
	hf_log_set_queries(next->query_log, next->query_log_sample);
	look_at_the_kernels_rules(self, next, kernel_follows);
	hf_config_free(parts->config);
	parts->config = next;
	hf_log(HF_LOG_INFO, "reloaded", "path=\"%s\"", next->path);
	return true;
}

static void reload_if_wanted(struct hf_housekeeping *self)
{
	char error[HF_CONFIG_ERROR_MAX];

	if (!atomic_exchange_explicit(&self->parts->reload_wanted, false, memory_order_relaxed))
		return;
	if (!hf_housekeeping_reload(self, NULL, false, error))
		hf_log(HF_LOG_ERROR, "reload-failed", "text=\"%s\"", error);
}

/* ---- the loop ---- */

static void take_mail(struct hf_housekeeping *self)
{
	struct hf_mail *mail;

	while ((mail = hf_mailbox_take(&self->mailbox))) {
		struct hf_ticket *ticket;

		if (mail->kind == HF_MAIL_CONFIGURE) {
			settings_taken(self, caa_container_of(mail, struct hf_settings_mail, mail));
			continue;
		}
		ticket = caa_container_of(mail, struct hf_ticket, mail);
		if (mail->kind == HF_MAIL_PREFETCH) {
			keep_refetched(self, ticket);
			continue;
		}
		finish_trace(self);
		hf_ticket_give(self->tickets, ticket);
	}
}

static void run(void *argument, struct hf_thread *thread)
{
	struct hf_housekeeping *self = argument;
	struct epoll_event events[EVENTS_A_TURN];

	if (hf_kernel_tier_open(self->parts->kernel_tier))
		flush_adopted(self);
	while (!hf_thread_stopping(thread)) {
		bool busy, hurry;
		int count;

		self->now = hf_clock_now();
		take_mail(self);
		reload_if_wanted(self);
		hurry = promote(self);
		renew(self);
		rcu_quiescent_state();
		busy = reclaim(self) || hf_kernel_tier_open(self->parts->kernel_tier);
		hf_thread_beat(thread);
		count = hf_thread_wait(&self->mailbox, self->epoll_fd, events, EVENTS_A_TURN,
				       hurry ? 0 : busy ? TURN_MS : IDLE_TURN_MS);
		self->now = hf_clock_now();
		for (int i = 0; i < count; i++)
			hf_rpc_ready(self->rpc, events[i].data.u64, events[i].events, self->now);
		hf_rpc_expire(self->rpc, self->now);
	}
}

/* ---- making and freeing ---- */

struct hf_housekeeping *hf_housekeeping_new(struct hf_parts *parts, char error[HF_IO_ERROR_MAX])
{
	struct hf_housekeeping *self = aligned_alloc(64, (sizeof(*self) + 63) & ~(size_t)63);

	snprintf(error, HF_IO_ERROR_MAX, "out of memory or file descriptors");
	if (!self)
		return NULL;
	memset(self, 0, sizeof(*self));
	self->parts = parts;
	self->mailbox.event_fd = -1;
	self->refetched_end = &self->refetched_first;
	self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	self->tickets = hf_ticket_pool_new(TICKETS);
	if (self->epoll_fd < 0 || !self->tickets || !hf_mailbox_init(&self->mailbox) ||
	    !hf_mailbox_watch(&self->mailbox, self->epoll_fd))
		goto fault;
	self->rpc = hf_rpc_new(self->epoll_fd, parts->config->dataplane_socket, parts, self, error);
	if (!self->rpc)
		goto fault;
	snprintf(self->thread.name, sizeof(self->thread.name), "housekeeping");
	self->thread.body = run;
	self->thread.argument = self;
	self->thread.stop = &parts->stop;
	self->thread.mailbox = &self->mailbox;
	return self;
fault:
	hf_housekeeping_free(self);
	return NULL;
}

void hf_housekeeping_free(struct hf_housekeeping *self)
{
	if (!self)
		return;
	if (self->traced) { /* the resolver threads have stopped */
		close_story(self);
		free(self->story);
	}
	hf_rpc_free(self->rpc);
	forget_settings(self);
	hf_ticket_pool_free(self->tickets);
	hf_mailbox_fini(&self->mailbox);
	if (self->epoll_fd >= 0)
		close(self->epoll_fd);
	free(self);
}

struct hf_thread *hf_housekeeping_thread(struct hf_housekeeping *self)
{
	return &self->thread;
}
