// SPDX-License-Identifier: BSD-3-Clause
/* Starting, waiting and joining of the dataplane's threads. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <urcu-qsbr.h>
#include "io/io.h"

static void *enter(void *argument)
{
	struct hf_thread *thread = argument;

	pthread_setname_np(pthread_self(), thread->name);
	rcu_register_thread();
	thread->body(thread->argument, thread);
	rcu_unregister_thread();
	return NULL;
}

bool hf_thread_start(struct hf_thread *thread)
{
	int fault = pthread_create(&thread->id, NULL, enter, thread);

	if (fault) {
		errno = fault;
		return false;
	}
	thread->started = true;
	return true;
}

void hf_thread_join(struct hf_thread *thread)
{
	if (!thread->started)
		return;
	if (thread->mailbox)
		hf_mailbox_wake(thread->mailbox);
	pthread_join(thread->id, NULL);
	thread->started = false;
}

int hf_thread_wait(struct hf_mailbox *mailbox, int epoll_fd, struct epoll_event *events, int max, int timeout_ms)
{
	bool may_sleep = timeout_ms != 0 && hf_mailbox_sleep(mailbox), signalled = false;
	int count, kept = 0;

	rcu_thread_offline();
	count = epoll_wait(epoll_fd, events, max, may_sleep ? timeout_ms : 0);
	rcu_thread_online();
	for (int i = 0; i < count; i++) {
		if (events[i].data.u64 == HF_MAILBOX_EVENT)
			signalled = true;
		else
			events[kept++] = events[i];
	}
	hf_mailbox_awake(mailbox, signalled);
	return kept;
}
