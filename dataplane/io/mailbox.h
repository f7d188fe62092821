// SPDX-License-Identifier: BSD-3-Clause
/* Hand-over between threads: many senders, one consumer, wait-free for senders (liburcu wfcqueue), no allocation: what
 * is sent embeds its own node. A system call happens only when the consumer sleeps (one eventfd write wakes it).
 *
 * The consumer's loop:
 *   while ((mail = hf_mailbox_take(box))) …;
 *   count = hf_thread_wait(box, epoll_fd, events, …) of io.h, which calls hf_mailbox_sleep() and hf_mailbox_awake()
 * A consumer that polls (DPDK) only ever calls hf_mailbox_take().
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <urcu/wfcqueue.h>

struct hf_mailbox;

enum hf_mail_kind {
	HF_MAIL_QUESTION,  /* struct hf_ticket: a client's miss; its home gets it back with the reply */
	HF_MAIL_PREFETCH,  /* struct hf_ticket: refetch query.name; its home gets it back at once */
	HF_MAIL_CONFIGURE, /* struct hf_settings_mail of resolver_thread.h */
};

struct hf_mail {
	struct cds_wfcq_node node;
	struct hf_mailbox *home; /* where it goes back to */
	enum hf_mail_kind kind;
	_Atomic bool
		posted; /* orders what the sender wrote before what the consumer reads, in the language's own terms */
};

struct hf_mailbox {
	struct cds_wfcq_tail tail; /* senders write */
	_Atomic bool sleeping;	   /* consumer sets, a sender clears when it wakes the consumer */
	int event_fd;		   /* for the consumer's epoll */
	struct __cds_wfcq_head head __attribute__((aligned(64))); /* consumer's */
};

bool hf_mailbox_init(struct hf_mailbox *box); /* false with errno when no descriptor is left */
void hf_mailbox_fini(struct hf_mailbox *box); /* what is still inside is not touched */

/* Lets `epoll_fd` tell of mail, with this value in epoll_event.data.u64; no other descriptor there may have it. */
#define HF_MAILBOX_EVENT UINT64_MAX
bool hf_mailbox_watch(struct hf_mailbox *box, int epoll_fd); /* false with errno */

void hf_mailbox_post(struct hf_mailbox *box, struct hf_mail *mail); /* any thread */

/* For senders that handle many things a turn: the mail is there at once, but who sleeps is woken only by hf_wakes_flush(), once for
 * all of it. Nobody may sleep on unflushed wakes. One thread's own; all zero is empty. */
enum { HF_WAKES_MAX = 16 };
struct hf_wakes {
	unsigned count;
	struct hf_mailbox *boxes[HF_WAKES_MAX];
};
void hf_mailbox_post_quietly(struct hf_mailbox *box, struct hf_mail *mail, struct hf_wakes *wakes);
void hf_wakes_flush(struct hf_wakes *wakes);
void hf_mailbox_wake(struct hf_mailbox *box);			    /* any thread: wakes without mail, for stopping */

/* Consumer only. */
struct hf_mail *hf_mailbox_take(struct hf_mailbox *box); /* NULL: nothing (or a sender is in the middle of posting) */
bool hf_mailbox_sleep(struct hf_mailbox *box);		 /* true: empty, sleeping is safe; false: there is mail */
void hf_mailbox_awake(struct hf_mailbox *box, bool signalled); /* `signalled`: event_fd was readable */
