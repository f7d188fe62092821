// SPDX-License-Identifier: BSD-3-Clause
/* The control socket: JSON lines as control/rpc_protocol.h says. All functions are housekeeping's thread's, but for new
 * and free (main). */
#pragma once
#include <jansson.h>
#include "io/parts.h"

struct hf_rpc;
struct hf_housekeeping;

/* Binds `path` (mode 0660), removing what a killed process left there; refuses when somebody answers on it. Sockets are
 * watched by `epoll_fd` with values below UINT64_MAX in data.u64. */
struct hf_rpc *hf_rpc_new(int epoll_fd, const char *path, struct hf_parts *parts, struct hf_housekeeping *housekeeping,
			  char error[HF_IO_ERROR_MAX]);
void hf_rpc_free(struct hf_rpc *rpc); /* also removes the socket's name */
void hf_rpc_ready(struct hf_rpc *rpc, uint64_t data, uint32_t events, struct hf_now now);
/* Closes connections without a request or an answer on its way for HF_RPC_IDLE_MS, half a request or an answer not taken included. */
void hf_rpc_expire(struct hf_rpc *rpc, struct hf_now now);
/* The answer to a trace that `connection` asked for; its lines are in `story`. */
void hf_rpc_traced(struct hf_rpc *rpc, uint64_t connection, unsigned rcode, const char *story);

/* ---- the methods (rpc_methods.c) ---- */

struct hf_rpc_call {
	struct hf_parts *parts;
	struct hf_housekeeping *housekeeping;
	struct hf_now now;
	uint64_t connection;  /* who asks, for an answer that comes later */
	const json_t *params; /* an object */
	bool later;	      /* set by a method whose answer comes later */
	char error[HF_CONFIG_ERROR_MAX];
};

/* The result (a new reference), or NULL with call->later set, or NULL with a text in call->error. */
json_t *hf_rpc_methods_call(const char *method, struct hf_rpc_call *call);
