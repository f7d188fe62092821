// SPDX-License-Identifier: BSD-3-Clause
/* What validation's operations cost on this machine. */
#pragma once
#include "dnssec/work.h"

/* Measures by the thread's CPU clock, within some 40 ms; what cannot be measured keeps its default, and nothing is believed that is ten times less
 * or more. At the start, once. */
void hf_costs_measure(struct hf_costs *costs);
