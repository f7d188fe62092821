// SPDX-License-Identifier: BSD-3-Clause
/* Lines for people and machines on stderr. */
#include "control/log.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include "control/clock.h"

_Atomic int hf_log_level_now = HF_LOG_INFO;

static _Atomic uint32_t query_sample; /* 0: off */

static const char *const level_texts[] = {
	[HF_LOG_ERROR] = "error", [HF_LOG_WARNING] = "warning", [HF_LOG_INFO] = "info", [HF_LOG_DEBUG] = "debug"};
static const int journal_priorities[] = {
	[HF_LOG_ERROR] = 3, [HF_LOG_WARNING] = 4, [HF_LOG_INFO] = 6, [HF_LOG_DEBUG] = 7};

void hf_log_set_level(enum hf_log_level level)
{
	atomic_store_explicit(&hf_log_level_now, (int)level, memory_order_relaxed);
}

bool hf_log_level_from_text(const char *text, enum hf_log_level *level)
{
	for (int i = HF_LOG_ERROR; i <= HF_LOG_DEBUG; i++) {
		if (strcasecmp(text, level_texts[i]) == 0) {
			*level = (enum hf_log_level)i;
			return true;
		}
	}
	return false;
}

const char *hf_log_level_to_text(enum hf_log_level level)
{
	return level_texts[level];
}

void hf_log_set_queries(bool on, unsigned sample)
{
	atomic_store_explicit(&query_sample, on ? (sample ? sample : 1) : 0, memory_order_relaxed);
}

bool hf_log_query_due(void)
{
	static _Thread_local uint32_t seen;
	uint32_t sample = atomic_load_explicit(&query_sample, memory_order_relaxed);

	if (sample == 0)
		return false;
	if (++seen < sample)
		return false;
	seen = 0;
	return true;
}

/* True when this site may write now; *held_back is what it could not write before. Threads that race at a window's edge
 * may let a few lines more through, which is harmless. */
static bool site_admits(struct hf_log_site *site, uint64_t window, uint32_t *held_back)
{
	*held_back = 0;
	if (atomic_load_explicit(&site->window, memory_order_relaxed) != window) {
		atomic_store_explicit(&site->window, window, memory_order_relaxed);
		atomic_store_explicit(&site->written, 0, memory_order_relaxed);
		*held_back = atomic_exchange_explicit(&site->suppressed, 0, memory_order_relaxed);
	}
	if (atomic_fetch_add_explicit(&site->written, 1, memory_order_relaxed) < HF_LOG_BURST)
		return true;
	atomic_fetch_add_explicit(&site->suppressed, 1, memory_order_relaxed);
	return false;
}

static size_t clamp(int printed, size_t room)
{
	if (printed < 0)
		return 0;
	return (size_t)printed < room ? (size_t)printed : room - 1;
}

static size_t write_head(char *line, size_t room, int64_t wall_s, enum hf_log_level level, const char *event)
{
	if (getenv("JOURNAL_STREAM"))
		return clamp(snprintf(line, room, "<%d>level=%s event=%s", journal_priorities[level],
				      level_texts[level], event),
			     room);

	time_t seconds = (time_t)wall_s;
	struct tm utc;
	char stamp[32];

	gmtime_r(&seconds, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return clamp(snprintf(line, room, "time=%s level=%s event=%s", stamp, level_texts[level], event), room);
}

void hf_log_write(struct hf_log_site *site, enum hf_log_level level, const char *event, const char *format, ...)
{
	struct hf_now now = hf_clock_now();
	char line[HF_LOG_LINE_MAX];
	size_t length;
	uint32_t held_back = 0;
	va_list arguments;

	if (site && !site_admits(site, now.mono_ns / (HF_LOG_WINDOW_S * HF_NS_PER_SECOND) + 1, &held_back))
		return;
	length = write_head(line, sizeof(line) - 1, now.wall_s, level, event);
	if (format[0]) {
		line[length++] = ' ';
		va_start(arguments, format);
		length += clamp(vsnprintf(line + length, sizeof(line) - 1 - length, format, arguments),
				sizeof(line) - 1 - length);
		va_end(arguments);
	}
	if (held_back)
		length += clamp(snprintf(line + length, sizeof(line) - 1 - length, " suppressed=%u", held_back),
				sizeof(line) - 1 - length);
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < 0x20 || (unsigned char)line[i] > 0x7e)
			line[i] = '?';
	line[length++] = '\n';
	/* A log that cannot be written has nobody to be told to. */
	ssize_t ignored = write(STDERR_FILENO, line, length);
	(void)ignored;
}
