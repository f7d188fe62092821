// SPDX-License-Identifier: BSD-3-Clause
/* Timer heap; see timers.h. */
#include "resolver/timers.h"
#include <stddef.h>
#include <stdlib.h>

bool hf_timers_reserve(struct hf_timers *timers)
{
	if (timers->reserved == timers->capacity) {
		uint32_t capacity = timers->capacity ? timers->capacity * 2 : 64;
		struct hf_timer **heap = realloc(timers->heap, capacity * sizeof(heap[0]));

		if (!heap)
			return false;
		timers->heap = heap;
		timers->capacity = capacity;
	}
	timers->reserved++;
	return true;
}

void hf_timers_release(struct hf_timers *timers)
{
	timers->reserved--;
}

void hf_timers_free(struct hf_timers *timers)
{
	free(timers->heap);
	*timers = (struct hf_timers){0};
}

static void put(struct hf_timers *timers, uint32_t at, struct hf_timer *timer)
{
	timers->heap[at] = timer;
	timer->place = at + 1;
}

static void rise(struct hf_timers *timers, uint32_t at, struct hf_timer *timer)
{
	while (at > 0 && timers->heap[(at - 1) / 2]->due_ns > timer->due_ns) {
		put(timers, at, timers->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(timers, at, timer);
}

static void sink(struct hf_timers *timers, uint32_t at, struct hf_timer *timer)
{
	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= timers->count)
			break;
		if (child + 1 < timers->count && timers->heap[child + 1]->due_ns < timers->heap[child]->due_ns)
			child++;
		if (timers->heap[child]->due_ns >= timer->due_ns)
			break;
		put(timers, at, timers->heap[child]);
		at = child;
	}
	put(timers, at, timer);
}

void hf_timers_cancel(struct hf_timers *timers, struct hf_timer *timer)
{
	struct hf_timer *last;
	uint32_t at;

	if (!timer->place)
		return;
	at = timer->place - 1;
	timer->place = 0;
	last = timers->heap[--timers->count];
	if (last == timer)
		return;
	if (at > 0 && timers->heap[(at - 1) / 2]->due_ns > last->due_ns)
		rise(timers, at, last);
	else
		sink(timers, at, last);
}

void hf_timers_set(struct hf_timers *timers, struct hf_timer *timer, uint64_t due_ns)
{
	hf_timers_cancel(timers, timer);
	timer->due_ns = due_ns;
	rise(timers, timers->count++, timer);
}

uint64_t hf_timers_next(const struct hf_timers *timers)
{
	return timers->count ? timers->heap[0]->due_ns : UINT64_MAX;
}

struct hf_timer *hf_timers_pop(struct hf_timers *timers, uint64_t now_ns)
{
	struct hf_timer *first = timers->count ? timers->heap[0] : NULL;

	if (!first || first->due_ns > now_ns)
		return NULL;
	hf_timers_cancel(timers, first);
	return first;
}
