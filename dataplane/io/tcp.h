// SPDX-License-Identifier: BSD-3-Clause
/* Clients over TCP (RFC 7766): queries may be pipelined and are answered as their answers come, out of order. One
 * thread serves all connections.
 *
 * Limits: `tcp-clients` connections, `tcp-clients-per-source` of them of one source; who gives way to a new one is said in
 * tcp_connection.h. `tcp-idle-timeout-ms` without a whole query or an octet of reply taken, less while few slots are free;
 * HF_TCP_PIPELINE misses under way per connection; `tcp-queries-per-connection`; a client that does not read its replies is not read
 * from either, and then closed. Who asks is told by edns-tcp-keepalive how long it may be idle at present (RFC 7828). */
#pragma once
#include "io/io.h"
#include "io/serve.h"

enum { HF_TCP_PIPELINE = 32 };

struct hf_tcp;

/* Main thread: binds all listen addresses. NULL with a text in `error`. `serve` is this listener's own. */
struct hf_tcp *hf_tcp_new(const struct hf_config *config, struct hf_serve *serve, char error[HF_IO_ERROR_MAX]);
/* Main thread, when everything else runs: from now on connections are accepted, which tells others that we are ready.
 */
bool hf_tcp_listen(struct hf_tcp *tcp, char error[HF_IO_ERROR_MAX]);
void hf_tcp_run(void *tcp, struct hf_thread *self);	    /* thread body */
void hf_tcp_free(struct hf_tcp *tcp);			    /* after its thread was joined */
void hf_tcp_set_idle(struct hf_tcp *tcp, unsigned idle_ms); /* any thread */
unsigned hf_tcp_clients(const struct hf_tcp *tcp);	    /* connections open; any thread */
