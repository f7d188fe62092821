// SPDX-License-Identifier: BSD-3-Clause
/* A network namespace in which every address is at home: whatever is sent anywhere arrives at this process and its children. It has no
 * name and goes with its last process.
 */
#pragma once
#include <stdbool.h>

/* Moves the calling process there; false with errno, `what` then says what could not be done. */
bool sim_namespace_enter(const char **what);
