// SPDX-License-Identifier: BSD-3-Clause
/* Deadlines in monotonic nanoseconds, earliest first: a binary heap of timers that live inside the things they wake.
 * Room is reserved when such a thing is made, so setting a timer never fails.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum hf_timer_kind { HF_TIMER_CLIENT, HF_TIMER_EXCHANGE };

struct hf_timer {
	uint64_t due_ns;
	uint32_t place; /* position in the heap plus one; 0: not set */
	enum hf_timer_kind kind;
};

struct hf_timers {
	struct hf_timer **heap;
	uint32_t count, capacity, reserved;
};

/* Room for one more timer / one fewer. */
bool hf_timers_reserve(struct hf_timers *timers);
void hf_timers_release(struct hf_timers *timers);
void hf_timers_free(struct hf_timers *timers);

void hf_timers_set(struct hf_timers *timers, struct hf_timer *timer, uint64_t due_ns); /* moves one already set */
void hf_timers_cancel(struct hf_timers *timers, struct hf_timer *timer);	      /* fine when not set */

/* The earliest deadline, UINT64_MAX for none. */
uint64_t hf_timers_next(const struct hf_timers *timers);
/* Takes out one timer that is due at `now_ns`, NULL when none is. */
struct hf_timer *hf_timers_pop(struct hf_timers *timers, uint64_t now_ns);
