// SPDX-License-Identifier: BSD-3-Clause
/* Does a message have in common with an entry what the entry's MATCH line asks? */
#pragma once
#include <stdbool.h>
#include "message.h"
#include "scenario.h"

/* When it has not and `reason` is not NULL, *reason receives what was expected and what came instead (malloc'ed). */
bool sim_check(const struct sim_entry *entry, const struct sim_message *message, char **reason);
