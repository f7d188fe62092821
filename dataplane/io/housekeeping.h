// SPDX-License-Identifier: BSD-3-Clause
/* The thread for everything that no query waits for: feeds and tends the kernel's hot table (it is that table's one
 * writer), frees what the cache retired, serves the control socket, reloads the configuration.
 */
#pragma once
#include "io/parts.h"

struct hf_housekeeping;

/* Main thread: binds the control socket. NULL with a text in `error`. */
struct hf_housekeeping *hf_housekeeping_new(struct hf_parts *parts, char error[HF_IO_ERROR_MAX]);
void hf_housekeeping_free(struct hf_housekeeping *housekeeping); /* after its thread was joined, before the parts go */
struct hf_thread *hf_housekeeping_thread(struct hf_housekeeping *housekeeping);

/* ---- for the methods of the control socket; housekeeping's thread ---- */

/* Reads the file anew (NULL: the one that is running) and applies what may change without a restart. False with a text
 * in `error`; then nothing was changed. `kernel_follows`: holdfastd asks, which gives the kernel the same access rules. */
bool hf_housekeeping_reload(struct hf_housekeeping *housekeeping, const char *path, bool kernel_follows,
			    char error[HF_CONFIG_ERROR_MAX]);
/* Since a reload that holdfastd had no part in, the kernel obeys other access rules. */
bool hf_housekeeping_kernel_lags(const struct hf_housekeeping *housekeeping);

/* Resolves in the tracer's thread; hf_rpc_traced() gets the ticket when it is answered. False when a trace is running.
 */
bool hf_housekeeping_trace(struct hf_housekeeping *housekeeping, const uint8_t *name, uint16_t qtype,
			   uint64_t connection);
