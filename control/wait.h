// SPDX-License-Identifier: BSD-3-Clause
/* Waiting on one descriptor up to a deadline, for the daemon's and the tools' own short requests. Any thread; blocks. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* `events` as poll(2) names them, `deadline_ns` on hf_clock_now()'s monotonic clock. False with errno, ETIMEDOUT once the deadline has passed. */
bool hf_wait_ready(int fd, short events, uint64_t deadline_ns);
