// SPDX-License-Identifier: BSD-3-Clause
/* The Unix socket that the tools ask, after control/rpc_protocol.h: framing, bounds and threads, no methods.
 *
 * One thread accepts, one serves each connection (at most HF_RPC_CLIENTS_MAX; more wait in the listener's queue), so a
 * method that waits for the dataplane, or a client that reads slowly, holds up nobody else.
 */
#pragma once
#include <jansson.h>
#include "control/rpc_client.h"

#define HF_RPC_CLIENTS_MAX 16

struct hf_rpc_server;

/* Answers one request, in any thread. `params` is an object or NULL. The result belongs to the server; NULL is an
 * error, with its text in `error`. */
typedef json_t *(*hf_rpc_handler)(void *state, const char *method, const json_t *params, char error[HF_RPC_ERROR_MAX]);

/* Listens on `path` (mode 0660; a missing last directory is made). A socket left by a killed process is replaced; one
 * that a living process holds is not: its lock file is `path`.lock. NULL on a fault, with the text in `error`. */
struct hf_rpc_server *hf_rpc_server_start(const char *path, hf_rpc_handler handler, void *state,
					  char error[HF_RPC_ERROR_MAX]);
/* Closes all connections, waits for their threads, removes the socket. NULL is fine. */
void hf_rpc_server_stop(struct hf_rpc_server *server);
