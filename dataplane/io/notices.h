// SPDX-License-Identifier: BSD-3-Clause
/* Which zones and servers were limited lately: each is a line of the log and, for `holdfastctl limits`, kept here: the last
 * HF_NOTICES_KEPT. One board for the process, any thread; who writes sees to it that lines are rare (a zone once a minute).
 */
#pragma once
#include <stdint.h>

enum { HF_NOTICES_KEPT = 64, HF_NOTICES_EVENT_MAX = 24, HF_NOTICES_FIELDS_MAX = 512 };

struct hf_notice {
	int64_t wall_s;
	char event[HF_NOTICES_EVENT_MAX];
	char fields[HF_NOTICES_FIELDS_MAX]; /* as in a log line, without control characters */
};

/* Logs it as a warning and keeps it. Never waits: what meets another writer or reader is only logged. */
void hf_notices_add(const char *event, const char *fields);
/* Copies the newest first; returns how many. */
unsigned hf_notices_copy(struct hf_notice out[HF_NOTICES_KEPT]);
