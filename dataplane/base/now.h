// SPDX-License-Identifier: BSD-3-Clause
/* The one instant that everything handling an event agrees on.
 *
 * The core never reads a clock. A shell reads both clocks once per burst or
 * event and passes the result down, so that TTLs (monotonic) and signature
 * windows (wall) speak of the same moment.
 */
#pragma once
#include <stdint.h>

#define HF_NS_PER_SECOND UINT64_C(1000000000)
#define HF_NS_PER_MS UINT64_C(1000000)

struct hf_now {
	uint64_t mono_ns; /* CLOCK_MONOTONIC, nanoseconds; never goes back */
	int64_t wall_s;	  /* seconds since 1970-01-01 UTC */
};
