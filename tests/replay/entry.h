// SPDX-License-Identifier: BSD-3-Clause
/* ENTRY_BEGIN … ENTRY_END of a scenario file. */
#pragma once
#include "lines.h"
#include "scenario.h"

/* Reads on from behind ENTRY_BEGIN. Fills *entry also on a fault (then returns false), so that sim_entry_end is always right. */
bool sim_entry_read(struct sim_lines *lines, struct sim_entry *entry);
void sim_entry_end(struct sim_entry *entry);
