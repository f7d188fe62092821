// SPDX-License-Identifier: BSD-3-Clause
/* Drives the stepped resolver: feeds it mail, messages and time, and carries out what it asks for. */
#include "io/resolver_thread.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <urcu-qsbr.h>
#include "io/notices.h"

enum {
	EVENTS_A_TURN = 32,
	MAIL_A_TURN = 64,      /* so that replies of servers are not kept waiting by a flood of questions */
	STORY_MAX = 256 << 10, /* octets of a trace */
	SLEEP_MAX_MS = 1000,   /* a beat at least once a second */
};

struct hf_resolver_thread {
	struct hf_thread thread;
	struct hf_mailbox mailbox;
	struct hf_resolver *resolver;
	struct hf_upstream *upstream;
	struct hf_entropy *entropy;
	struct hf_random random;
	const struct hf_serve_settings *serve_settings;
	struct hf_promotion *promotion;
	struct hf_wakes wakes;
	int epoll_fd;
	struct hf_now now; /* of the event being handled */
	uint8_t reply[HF_MESSAGE_MAX];
};

/* ---- actions ---- */

static void offer(struct hf_resolver_thread *self, const struct hf_ticket *ticket)
{
	const struct hf_query *query = &ticket->query;

	/* A full ring is no loss: the next hit in a worker offers the answer again. */
	if (self->promotion && !ticket->tcp && !(query->reply_class >> HF_REPLY_DNS64_SHIFT))
		(void)hf_promotion_offer(self->promotion, query->name, query->name_length, query->qtype, query->qclass,
					 query->reply_class);
}

/* Longer replies than a ticket holds exist only over TCP. */
static void put_reply(struct hf_resolver_thread *self, struct hf_ticket *ticket, size_t length)
{
	ticket->reply = length <= sizeof(ticket->inline_reply) ? ticket->inline_reply : malloc(length);
	if (!ticket->reply)
		return;
	memcpy(ticket->reply, self->reply, length);
	ticket->reply_length = (uint32_t)length;
}

/* Questions that a slow server held back and then answered all at once would leave as one pulse towards whomever they were forged to
 * come from (DNSBomb, CVE-2024-33655). Their true senders have asked again by now. SERVFAIL is no larger than what was asked, and who waited for
 * it is served by knowing. */
static bool is_too_late(const struct hf_resolver_thread *self, const struct hf_ticket *ticket)
{
	uint32_t limit_ms = atomic_load_explicit(&self->serve_settings->discard_timeout_ms, memory_order_relaxed);

	return limit_ms && !ticket->tcp && ticket->rcode != HF_RCODE_SERVFAIL &&
	       ticket->answered_ns - ticket->arrived_ns > limit_ms * HF_NS_PER_MS;
}

static void answer(struct hf_resolver_thread *self, const struct hf_action *action)
{
	struct hf_ticket *ticket = (struct hf_ticket *)(uintptr_t)action->answer.client;
	struct hf_reply_options options = hf_serve_reply_options(self->serve_settings, &ticket->query);

	ticket->rcode = ntohs(action->answer.record->flags) & HF_RCODE_MASK;
	ticket->zone_labels = action->answer.zone_labels;
	ticket->turned_away = action->answer.turned_away;
	ticket->answered_ns = hf_ticket_time(ticket, self->now.mono_ns);
	ticket->too_late = is_too_late(self, ticket);
	ticket->dropped = action->answer.dropped;
	if (!ticket->too_late && !ticket->dropped)
		put_reply(self, ticket,
			  hf_reply_write(action->answer.record, &ticket->query, action->answer.edes,
					 action->answer.ede_count, ticket->tcp, &options, self->now, self->reply,
					 ticket->tcp ? sizeof(self->reply) : HF_TICKET_REPLY_MAX));
	if (ticket->story)
		hf_resolver_set_trace(self->resolver, NULL, NULL);
	else if (action->answer.cacheable)
		offer(self, ticket);
	hf_mailbox_post_quietly(ticket->mail.home, &ticket->mail, &self->wakes);
}

/* A send that fails at once makes the resolver ask for more, which the same loop carries out. */
static void carry_out(struct hf_resolver_thread *self)
{
	for (;;) {
		struct hf_action action = hf_resolver_next_action(self->resolver);

		switch (action.kind) {
		case HF_ACTION_NONE:
			return;
		case HF_ACTION_SEND:
			if (!hf_upstream_send(self->upstream, action.send.exchange, &action.send.server,
					      action.send.tcp, action.send.message, action.send.length, self->now))
				hf_resolver_transport_failed(self->resolver, action.send.exchange, self->now);
			break;
		case HF_ACTION_CANCEL:
			hf_upstream_cancel(self->upstream, action.cancel.exchange);
			break;
		case HF_ACTION_ANSWER:
			answer(self, &action);
			break;
		}
	}
}

/* ---- events ---- */

static void take_reply(void *state, uint64_t exchange, const struct hf_address *from, const uint8_t *message,
		       size_t length)
{
	struct hf_resolver_thread *self = state;

	hf_resolver_reply(self->resolver, exchange, from, message, length, self->now);
	carry_out(self);
}

static void take_failure(void *state, uint64_t exchange)
{
	struct hf_resolver_thread *self = state;

	hf_resolver_transport_failed(self->resolver, exchange, self->now);
	carry_out(self);
}

static void write_story(void *state, struct hf_now now, const char *text)
{
	FILE *story = state;

	if (ftell(story) < STORY_MAX)
		fprintf(story, "%llu.%06llu %s\n", (unsigned long long)(now.mono_ns / HF_NS_PER_SECOND),
			(unsigned long long)(now.mono_ns % HF_NS_PER_SECOND / 1000), text);
}

static void take_ticket(struct hf_resolver_thread *self, struct hf_ticket *ticket)
{
	const struct hf_query *query = &ticket->query;

	if (ticket->mail.kind == HF_MAIL_PREFETCH) {
		hf_resolver_prefetch(self->resolver, query, self->now);
		carry_out(self);
		hf_mailbox_post_quietly(ticket->mail.home, &ticket->mail, &self->wakes);
		return;
	}
	ticket->taken_ns = hf_ticket_time(ticket, self->now.mono_ns);
	if (ticket->story)
		hf_resolver_set_trace(self->resolver, write_story, ticket->story);
	hf_resolver_ask(self->resolver, (uint64_t)(uintptr_t)ticket, query, self->now);
	carry_out(self);
}

static void take_settings(struct hf_resolver_thread *self, struct hf_settings_mail *mail)
{
	mail->applied = hf_resolver_configure(self->resolver, &mail->settings->resolver);
	if (mail->applied)
		hf_upstream_set_sources(self->upstream, &mail->settings->source_ipv4, &mail->settings->source_ipv6);
	carry_out(self);
	hf_mailbox_post_quietly(mail->mail.home, &mail->mail, &self->wakes);
}

/* True when there may be more. */
static bool take_mail(struct hf_resolver_thread *self)
{
	for (int i = 0; i < MAIL_A_TURN; i++) {
		struct hf_mail *mail = hf_mailbox_take(&self->mailbox);

		if (!mail)
			return false;
		if (mail->kind == HF_MAIL_CONFIGURE)
			take_settings(self, caa_container_of(mail, struct hf_settings_mail, mail));
		else
			take_ticket(self, caa_container_of(mail, struct hf_ticket, mail));
	}
	return true;
}

/* ---- the loop ---- */

static int sleep_ms(struct hf_resolver_thread *self)
{
	uint64_t deadline = hf_resolver_next_deadline(self->resolver), left;

	if (deadline <= self->now.mono_ns)
		return 0;
	left = deadline - self->now.mono_ns;
	if (left >= SLEEP_MAX_MS * HF_NS_PER_MS)
		return SLEEP_MAX_MS;
	return (int)((left + HF_NS_PER_MS - 1) / HF_NS_PER_MS);
}

static void log_notice(void *state, const char *event, const char *fields)
{
	(void)state;
	hf_notices_add(event, fields);
}

static void run(void *argument, struct hf_thread *thread)
{
	struct hf_resolver_thread *self = argument;
	struct epoll_event events[EVENTS_A_TURN];

	self->now = hf_clock_now();
	while (!hf_thread_stopping(thread)) {
		bool more = take_mail(self);
		int count;

		hf_thread_beat(thread);
		rcu_quiescent_state();
		hf_upstream_flush(self->upstream);
		hf_wakes_flush(&self->wakes);
		count = hf_thread_wait(&self->mailbox, self->epoll_fd, events, EVENTS_A_TURN, more ? 0 : sleep_ms(self));
		self->now = hf_clock_now();
		for (int i = 0; i < count; i++)
			hf_upstream_ready(self->upstream, events[i].data.u64, events[i].events);
		if (hf_resolver_next_deadline(self->resolver) <= self->now.mono_ns) {
			hf_resolver_tick(self->resolver, self->now);
			carry_out(self);
		}
	}
}

/* ---- making and freeing ---- */

struct hf_resolver_thread *hf_resolver_thread_new(const struct hf_resolver_thread_setup *setup)
{
	struct hf_resolver_thread *self = aligned_alloc(64, (sizeof(*self) + 63) & ~(size_t)63);
	struct hf_upstream_sink sink = {.reply = take_reply, .failed = take_failure, .state = self};

	if (!self)
		return NULL;
	memset(self, 0, sizeof(*self));
	self->mailbox.event_fd = -1;
	self->serve_settings = setup->serve_settings;
	self->promotion = setup->promotion;
	self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	self->entropy = hf_entropy_new();
	if (self->epoll_fd < 0 || !self->entropy || !hf_mailbox_init(&self->mailbox))
		goto fault;
	self->random = hf_entropy_random(self->entropy);
	self->upstream = hf_upstream_new(self->epoll_fd, setup->exchanges, setup->ports, &self->random, &sink,
					 setup->lane);
	self->resolver = hf_resolver_new(&setup->settings->resolver, setup->cache, &self->random);
	if (!self->upstream || !self->resolver ||
	    !hf_mailbox_watch(&self->mailbox, self->epoll_fd))
		goto fault;
	hf_resolver_set_notice(self->resolver, log_notice, NULL);
	hf_upstream_set_sources(self->upstream, &setup->settings->source_ipv4, &setup->settings->source_ipv6);
	snprintf(self->thread.name, sizeof(self->thread.name), "%s", setup->name);
	self->thread.body = run;
	self->thread.argument = self;
	self->thread.stop = setup->stop;
	self->thread.mailbox = &self->mailbox;
	return self;
fault:
	hf_resolver_thread_free(self);
	return NULL;
}

void hf_resolver_thread_free(struct hf_resolver_thread *self)
{
	if (!self)
		return;
	hf_resolver_free(self->resolver);
	hf_upstream_free(self->upstream);
	hf_entropy_free(self->entropy);
	hf_mailbox_fini(&self->mailbox);
	if (self->epoll_fd >= 0)
		close(self->epoll_fd);
	free(self);
}

struct hf_thread *hf_resolver_thread_thread(struct hf_resolver_thread *self)
{
	return &self->thread;
}

struct hf_mailbox *hf_resolver_thread_mailbox(struct hf_resolver_thread *self)
{
	return &self->mailbox;
}

void hf_resolver_thread_stats(const struct hf_resolver_thread *self, struct hf_resolver_stats *stats)
{
	hf_resolver_stats(self->resolver, stats);
}
