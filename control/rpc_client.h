// SPDX-License-Identifier: BSD-3-Clause
/* One request of control/rpc_protocol.h over its own connection. Any thread; blocks up to the time given. */
#pragma once
#include <jansson.h>

#define HF_RPC_ERROR_MAX 512

enum hf_rpc_outcome {
	HF_RPC_RESULT,	    /* *result is what the peer answered; the caller owns it */
	HF_RPC_ERROR,	    /* the peer answered with an error: its text is in `error` */
	HF_RPC_UNREACHABLE, /* nobody listens, or no well-formed answer in time: why is in `error` */
};

/* `params` is borrowed and may be NULL. *result is NULL unless HF_RPC_RESULT. */
enum hf_rpc_outcome hf_rpc_call(const char *socket_path, const char *method, const json_t *params, int timeout_ms,
				json_t **result, char error[HF_RPC_ERROR_MAX]);
