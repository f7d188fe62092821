// SPDX-License-Identifier: BSD-3-Clause
/* poll(2) that starts again after a signal and ends at its deadline. */
#include "control/wait.h"
#include <errno.h>
#include <poll.h>
#include "control/clock.h"

bool hf_wait_ready(int fd, short events, uint64_t deadline_ns)
{
	for (;;) {
		uint64_t now_ns = hf_clock_now().mono_ns;
		struct pollfd entry = {.fd = fd, .events = events};
		int ready;

		if (now_ns >= deadline_ns) {
			errno = ETIMEDOUT;
			return false;
		}
		ready = poll(&entry, 1, (int)((deadline_ns - now_ns) / HF_NS_PER_MS) + 1);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return false;
	}
}
