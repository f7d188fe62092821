// SPDX-License-Identifier: BSD-3-Clause
/* Starting and joining the dataplane's threads. */
#include <errno.h>
#include <signal.h>
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
