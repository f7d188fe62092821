// SPDX-License-Identifier: BSD-3-Clause
/* The kernel tier as holdfastd keeps it up: one loader, its faults and its figures. Any thread may call these
 * functions. In a build without the fast path (no libbpf or clang) the functions exist and hf_fastpath_start() says so.
 */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include "control/config.h"
#include "control/rpc_client.h"

struct hf_fastpath;

/* Loads and attaches, or adopts what an earlier holdfastd left. NULL on a fault, with the text in `error`. */
struct hf_fastpath *hf_fastpath_start(const struct hf_config *config, char error[HF_RPC_ERROR_MAX]);
/* The program stays attached and goes on answering. NULL is fine. */
void hf_fastpath_close(struct hf_fastpath *fastpath);
/* Takes the program off config->interface and removes the pins. False: a holdfastd runs there, or another fault. */
bool hf_fastpath_unload(const struct hf_config *config, char error[HF_RPC_ERROR_MAX]);

/* What a reload may change. False: nothing was changed. */
bool hf_fastpath_configure(struct hf_fastpath *fastpath, const struct hf_config *config, char error[HF_RPC_ERROR_MAX]);
/* Every few seconds: follows the interface's addresses, attaches again when it was gone and is back. */
void hf_fastpath_tend(struct hf_fastpath *fastpath);

/* {attached, interface, mode, program_id, kept_answers, pins, note?} or {attached: false, interface, error}; null for
 * NULL. */
json_t *hf_fastpath_status(struct hf_fastpath *fastpath);
/* {counter: n…, drops: {reason: n…}}, names as in HF_FASTPATH_COUNTERS; null when they cannot be read. */
json_t *hf_fastpath_stats(struct hf_fastpath *fastpath);
