// SPDX-License-Identifier: BSD-3-Clause
/* The board of limits; see notices.h. */
#include "io/notices.h"
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include "control/log.h"

static struct {
	pthread_mutex_t mutex;
	unsigned count, next;
	struct hf_notice notices[HF_NOTICES_KEPT];
} board = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void hf_notices_add(const char *event, const char *fields)
{
	struct hf_notice *notice;
	struct timespec now;

	hf_log(HF_LOG_WARNING, event, "%s", fields);
	if (pthread_mutex_trylock(&board.mutex) != 0)
		return;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	notice = &board.notices[board.next];
	board.next = (board.next + 1) % HF_NOTICES_KEPT;
	board.count += board.count < HF_NOTICES_KEPT;
	notice->wall_s = now.tv_sec;
	snprintf(notice->event, sizeof(notice->event), "%s", event);
	snprintf(notice->fields, sizeof(notice->fields), "%s", fields);
	pthread_mutex_unlock(&board.mutex);
}

unsigned hf_notices_copy(struct hf_notice out[HF_NOTICES_KEPT])
{
	unsigned count;

	pthread_mutex_lock(&board.mutex);
	count = board.count;
	for (unsigned i = 0; i < count; i++)
		out[i] = board.notices[(board.next + HF_NOTICES_KEPT - 1 - i) % HF_NOTICES_KEPT];
	pthread_mutex_unlock(&board.mutex);
	return count;
}
