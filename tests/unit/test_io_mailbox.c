// SPDX-License-Identifier: BSD-3-Clause
/* io/mailbox.c: order, wake-ups, and that no mail is ever slept over. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "io/mailbox.h"

enum { SENDERS = 3, MAILS = 20000 };

struct numbered {
	struct hf_mail mail;
	unsigned sender, number;
};

static bool readable(int fd)
{
	struct pollfd entry = {.fd = fd, .events = POLLIN};

	return poll(&entry, 1, 0) == 1;
}

static void keeps_the_order_of_one_sender(void **state)
{
	struct hf_mailbox box;
	struct numbered mails[3] = {{.number = 1}, {.number = 2}, {.number = 3}};

	(void)state;
	assert_true(hf_mailbox_init(&box));
	assert_null(hf_mailbox_take(&box));
	for (int i = 0; i < 3; i++)
		hf_mailbox_post(&box, &mails[i].mail);
	for (int i = 0; i < 3; i++)
		assert_ptr_equal(hf_mailbox_take(&box), &mails[i].mail);
	assert_null(hf_mailbox_take(&box));
	hf_mailbox_fini(&box);
}

static void wakes_only_a_sleeper(void **state)
{
	struct hf_mailbox box;
	struct numbered mails[3] = {0};

	(void)state;
	assert_true(hf_mailbox_init(&box));
	hf_mailbox_post(&box, &mails[0].mail);
	assert_false(readable(box.event_fd));
	assert_false(hf_mailbox_sleep(&box)); /* there is mail */
	assert_ptr_equal(hf_mailbox_take(&box), &mails[0].mail);
	assert_true(hf_mailbox_sleep(&box));
	hf_mailbox_post(&box, &mails[1].mail);
	assert_true(readable(box.event_fd));
	hf_mailbox_awake(&box, true);
	assert_false(readable(box.event_fd));
	assert_ptr_equal(hf_mailbox_take(&box), &mails[1].mail);
	hf_mailbox_post(&box, &mails[2].mail); /* awake: no signal */
	assert_false(readable(box.event_fd));
	hf_mailbox_fini(&box);
}

static void quiet_mail_wakes_each_sleeper_once(void **state)
{
	struct hf_mailbox boxes[HF_WAKES_MAX + 2];
	struct numbered mails[2 * (HF_WAKES_MAX + 2)] = {0};
	struct hf_wakes wakes = {0};
	unsigned woken = 0;

	(void)state;
	for (int i = 0; i < HF_WAKES_MAX + 2; i++) {
		assert_true(hf_mailbox_init(&boxes[i]));
		if (i > 0)
			assert_true(hf_mailbox_sleep(&boxes[i]));
	}
	hf_mailbox_post_quietly(&boxes[0], &mails[0].mail, &wakes); /* awake: nothing to do later */
	assert_int_equal(wakes.count, 0);
	hf_mailbox_post_quietly(&boxes[1], &mails[1].mail, &wakes);
	hf_mailbox_post_quietly(&boxes[1], &mails[2].mail, &wakes);
	assert_int_equal(wakes.count, 1);
	assert_false(readable(boxes[1].event_fd));
	assert_ptr_equal(hf_mailbox_take(&boxes[1]), &mails[1].mail);
	hf_wakes_flush(&wakes);
	assert_true(readable(boxes[1].event_fd));
	hf_mailbox_awake(&boxes[1], true);
	/* Who woke by himself in between is not signalled; more boxes than fit are woken too. */
	hf_mailbox_post_quietly(&boxes[2], &mails[3].mail, &wakes);
	hf_mailbox_awake(&boxes[2], false);
	for (int i = 3; i < HF_WAKES_MAX + 2; i++)
		hf_mailbox_post_quietly(&boxes[i], &mails[1 + i].mail, &wakes);
	hf_wakes_flush(&wakes);
	assert_int_equal(wakes.count, 0);
	assert_false(readable(boxes[2].event_fd));
	for (int i = 3; i < HF_WAKES_MAX + 2; i++)
		woken += readable(boxes[i].event_fd);
	assert_int_equal(woken, HF_WAKES_MAX - 1);
	for (int i = 0; i < HF_WAKES_MAX + 2; i++)
		hf_mailbox_fini(&boxes[i]);
}

static void wakes_without_mail_to_stop(void **state)
{
	struct hf_mailbox box;

	(void)state;
	assert_true(hf_mailbox_init(&box));
	assert_true(hf_mailbox_sleep(&box));
	hf_mailbox_wake(&box);
	assert_true(readable(box.event_fd));
	hf_mailbox_awake(&box, true);
	assert_null(hf_mailbox_take(&box));
	hf_mailbox_fini(&box);
}

struct sender {
	struct hf_mailbox *box;
	struct numbered *mails;
};

static void *send_all(void *argument)
{
	struct sender *sender = argument;

	for (unsigned i = 0; i < MAILS; i++) {
		hf_mailbox_post(sender->box, &sender->mails[i].mail);
		if (i % 64 == 0)
			sched_yield();
	}
	return NULL;
}

/* Were a mail slept over, poll() would run into its limit. */
static void loses_no_mail_between_senders_and_a_sleeper(void **state)
{
	struct hf_mailbox box;
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	unsigned next[SENDERS] = {0}, taken = 0, slept_over = 0;

	(void)state;
	assert_true(hf_mailbox_init(&box));
	for (unsigned s = 0; s < SENDERS; s++) {
		senders[s] = (struct sender){.box = &box, .mails = calloc(MAILS, sizeof(struct numbered))};
		assert_non_null(senders[s].mails);
		for (unsigned i = 0; i < MAILS; i++) {
			senders[s].mails[i].sender = s;
			senders[s].mails[i].number = i;
		}
		assert_int_equal(pthread_create(&threads[s], NULL, send_all, &senders[s]), 0);
	}
	while (taken < SENDERS * MAILS && slept_over == 0) {
		struct hf_mail *mail = hf_mailbox_take(&box);
		struct numbered *numbered;

		if (!mail) {
			struct pollfd entry = {.fd = box.event_fd, .events = POLLIN};
			bool signalled = false;

			if (hf_mailbox_sleep(&box)) {
				signalled = poll(&entry, 1, 5000) == 1;
				slept_over += !signalled;
			}
			hf_mailbox_awake(&box, signalled);
			continue;
		}
		numbered = caa_container_of(mail, struct numbered, mail);
		assert_int_equal(numbered->number, next[numbered->sender]);
		next[numbered->sender]++;
		taken++;
	}
	for (unsigned s = 0; s < SENDERS; s++) {
		pthread_join(threads[s], NULL);
		free(senders[s].mails);
	}
	assert_int_equal(slept_over, 0);
	assert_int_equal(taken, SENDERS * MAILS);
	hf_mailbox_fini(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_order_of_one_sender),
		cmocka_unit_test(wakes_only_a_sleeper),
		cmocka_unit_test(quiet_mail_wakes_each_sleeper_once),
		cmocka_unit_test(wakes_without_mail_to_stop),
		cmocka_unit_test(loses_no_mail_between_senders_and_a_sleeper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
