// SPDX-License-Identifier: BSD-3-Clause
/* Reads both clocks. CLOCK_MONOTONIC (not its coarse sister) because deadlines and RTTs are measured with it; the
 * kernel program's coarse clock runs on the same scale. */
#include "control/clock.h"
#include <time.h>

struct hf_now hf_clock_now(void)
{
	struct timespec mono, wall;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME_COARSE, &wall);
	return (struct hf_now){
		.mono_ns = (uint64_t)mono.tv_sec * HF_NS_PER_SECOND + (uint64_t)mono.tv_nsec,
		.wall_s = wall.tv_sec,
	};
}
