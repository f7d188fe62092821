// SPDX-License-Identifier: BSD-3-Clause
/* What holdfastd knows and can do, for its ways in: the Unix socket (rpc_server.h), HTTP (http.h) and signals (main.c).
 * Any thread may call these functions.
 */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include "control/config.h"
#include "control/rpc_client.h"

#define HF_CONTROL_REASON_MAX 512

struct hf_control;

struct hf_control *hf_control_new(struct hf_config *config); /* takes it; NULL without memory */
/* Loads, attaches and pins the fast path if the configuration says so, or adopts what an earlier holdfastd left; if it
 * says no, takes that away. False on a fault, with the text in `error`. */
bool hf_control_attach(struct hf_control *control, char error[HF_RPC_ERROR_MAX]);
/* What is attached and pinned stays. */
void hf_control_free(struct hf_control *control);

/* {holdfastd: {…}, fastpath: {…}|null, dataplane: {…}|null, dataplane_error?}; never NULL but without memory. */
json_t *hf_control_status(struct hf_control *control);
/* {kernel: {…}|null, workers, resolver, cache, hot, tcp as the dataplane says, dataplane_error?} */
json_t *hf_control_stats(struct hf_control *control);

/* True when a client's query would be answered now. Blocks up to about three seconds; asks at most once a second. */
bool hf_control_healthy(struct hf_control *control, char reason[HF_CONTROL_REASON_MAX]);

/* Reads the file again and applies it here and in the dataplane, or changes nothing. NULL: `error` says file, line and
 * key. */
json_t *hf_control_reload(struct hf_control *control, char error[HF_RPC_ERROR_MAX]);

/* Once a second: mends what the world did to the fast path (interface gone and back), logs when the dataplane comes and
 * goes. */
void hf_control_tend(struct hf_control *control);

/* hf_rpc_handler; state is the hf_control. */
json_t *hf_control_handle(void *state, const char *method, const json_t *params, char error[HF_RPC_ERROR_MAX]);
