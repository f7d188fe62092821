// SPDX-License-Identifier: BSD-3-Clause
/* A wait-free queue and an eventfd that is written only to wake a sleeper. */
#include "io/mailbox.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <urcu/compiler.h>

bool hf_mailbox_init(struct hf_mailbox *box)
{
	box->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (box->event_fd < 0)
		return false;
	atomic_init(&box->sleeping, false);
	__cds_wfcq_init(&box->head, &box->tail);
	return true;
}

void hf_mailbox_fini(struct hf_mailbox *box)
{
	if (box->event_fd >= 0)
		close(box->event_fd);
	box->event_fd = -1;
}

bool hf_mailbox_watch(struct hf_mailbox *box, int epoll_fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = HF_MAILBOX_EVENT};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, box->event_fd, &event) == 0;
}

void hf_mailbox_wake(struct hf_mailbox *box)
{
	uint64_t one = 1;
	ssize_t written;

	/* EAGAIN means that the counter is full: the consumer is being woken anyway. */
	do
		written = write(box->event_fd, &one, sizeof(one));
	while (written < 0 && errno == EINTR);
}

static void enqueue(struct hf_mailbox *box, struct hf_mail *mail)
{
	/* liburcu orders with barriers that neither C nor a thread sanitizer knows of; this pair costs nothing on
	 * x86-64. */
	atomic_store_explicit(&mail->posted, true, memory_order_release);
	cds_wfcq_node_init(&mail->node);
	/* A full barrier, and so is the store in hf_mailbox_sleep(): either the sender sees the consumer asleep
	 * afterwards, or that sees the mail there. */
	cds_wfcq_enqueue(&box->head, &box->tail, &mail->node);
}

static void wake_sleeper(struct hf_mailbox *box)
{
	if (atomic_load(&box->sleeping) && atomic_exchange(&box->sleeping, false))
		hf_mailbox_wake(box);
}

void hf_mailbox_post(struct hf_mailbox *box, struct hf_mail *mail)
{
	enqueue(box, mail);
	wake_sleeper(box);
}

void hf_mailbox_post_quietly(struct hf_mailbox *box, struct hf_mail *mail, struct hf_wakes *wakes)
{
	enqueue(box, mail);
	if (!atomic_load(&box->sleeping))
		return;
	for (unsigned i = 0; i < wakes->count; i++)
		if (wakes->boxes[i] == box)
			return;
	if (wakes->count == HF_WAKES_MAX)
		hf_wakes_flush(wakes);
	wakes->boxes[wakes->count++] = box;
}

void hf_wakes_flush(struct hf_wakes *wakes)
{
	for (unsigned i = 0; i < wakes->count; i++)
		wake_sleeper(wakes->boxes[i]);
	wakes->count = 0;
}

struct hf_mail *hf_mailbox_take(struct hf_mailbox *box)
{
	struct cds_wfcq_node *node = __cds_wfcq_dequeue_nonblocking(&box->head, &box->tail);
	struct hf_mail *mail;

	/* Would block: a sender stands between its two stores. Waiting for it could take a time slice; its mail is
	 * found at the next look, for the queue is not empty and so the consumer does not sleep. */
	if (!node || node == CDS_WFCQ_WOULDBLOCK)
		return NULL;
	mail = caa_container_of(node, struct hf_mail, node);
	(void)atomic_load_explicit(&mail->posted, memory_order_acquire);
	return mail;
}

bool hf_mailbox_sleep(struct hf_mailbox *box)
{
	atomic_store(&box->sleeping, true);
	if (cds_wfcq_empty(&box->head, &box->tail))
		return true;
	atomic_store_explicit(&box->sleeping, false, memory_order_relaxed);
	return false;
}

void hf_mailbox_awake(struct hf_mailbox *box, bool signalled)
{
	uint64_t count;
	ssize_t ignored;

	atomic_store_explicit(&box->sleeping, false, memory_order_relaxed);
	if (!signalled)
		return; /* spares a system call when a socket woke us */
	ignored = read(box->event_fd, &count, sizeof(count));
	(void)ignored;
}
