// SPDX-License-Identifier: BSD-3-Clause
/* The only place that reads a clock: once per burst or event, then the instant is passed down (base/now.h). Any thread.
 */
#pragma once
#include "base/now.h"

struct hf_now hf_clock_now(void);
