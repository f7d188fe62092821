// SPDX-License-Identifier: BSD-3-Clause
/* Structured log of both daemons, on stderr, one line an event:
 *
 *   time=2026-05-05T19:43:00Z level=warning event=hot-table-missing path=/sys/fs/bpf/holdfast/eth0 text="not pinned"
 *
 * Below journald (JOURNAL_STREAM is set) the time is left to the journal and the line starts with its priority, "<4>".
 * Texts that may hold spaces are written as key="%s"; octets that are not printable ASCII come out as '?', so no name
 * or path can forge a line. Each place in the source may write HF_LOG_BURST lines per HF_LOG_WINDOW_S; what was held
 * back is counted on the next line as suppressed=N. Any thread; a line is one write(2).
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "control/config.h"

enum { HF_LOG_BURST = 20, HF_LOG_WINDOW_S = 5, HF_LOG_LINE_MAX = 2048 };

struct hf_log_site {
	_Atomic uint64_t window; /* number of the window that `written` counts in */
	_Atomic uint32_t written, suppressed;
};

extern _Atomic int hf_log_level_now; /* enum hf_log_level */

void hf_log_set_level(enum hf_log_level level);
bool hf_log_level_from_text(const char *text, enum hf_log_level *level);
const char *hf_log_level_to_text(enum hf_log_level level);

void hf_log_write(struct hf_log_site *site, enum hf_log_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* hf_log(HF_LOG_INFO, "started", "pid=%d path=\"%s\"", …). With `site` NULL, hf_log_write() does not limit. */
#define hf_log(level, event, ...)                                                                  \
	do {                                                                                       \
		static struct hf_log_site hf_log_site_here;                                        \
		if ((int)(level) <= atomic_load_explicit(&hf_log_level_now, memory_order_relaxed)) \
			hf_log_write(&hf_log_site_here, level, event, __VA_ARGS__);                \
	} while (0)

/* Query log: off by default; when on, one in `sample` queries. Whoever answers asks hf_log_query_due() first, and
 * writes with hf_log_write(NULL, …): the sample is the limit. */
void hf_log_set_queries(bool on, unsigned sample);
bool hf_log_query_due(void);
