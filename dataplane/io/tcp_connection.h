// SPDX-License-Identifier: BSD-3-Clause
/* The TCP listener's connections: what they read, what waits to be written, how long they may be idle. All belong to
 * the listener's thread; only hf_tcp_connections_count() and the idle timeout are anybody's.
 */
#pragma once
#include "io/io.h"
#include "io/serve.h"
#include "io/sockaddr.h"

struct hf_tcp_connections;

/* Sockets are watched by `epoll_fd`, with values below HF_TCP_EVENT_LIMIT in data.u64. NULL without memory. */
#define HF_TCP_EVENT_LIMIT (UINT64_C(1) << 63)
struct hf_tcp_connections *hf_tcp_connections_new(int epoll_fd, struct hf_serve *serve, unsigned slots,
						  unsigned idle_ms);
void hf_tcp_connections_free(struct hf_tcp_connections *all); /* closes all */

/* The instant of this turn, for everything below. */
void hf_tcp_connections_set_now(struct hf_tcp_connections *all, struct hf_now now);

/* Takes over an accepted socket. When its source has its number of connections, one of those gives way, when all slots are taken, any:
 * the longest idle one, else one that does not take its answers, else one that has waited for slow names for a second. Closes it
 * when there is none such. */
void hf_tcp_connections_admit(struct hf_tcp_connections *all, int fd, const union hf_sockaddr *remote);
/* Closes one in that order. False when there is none. */
bool hf_tcp_connections_displace(struct hf_tcp_connections *all);
/* An event of epoll_wait(); of a connection closed in the meantime it is ignored. */
void hf_tcp_connections_ready(struct hf_tcp_connections *all, uint64_t data, uint32_t events);
/* Sends what the resolver threads answered. True when there may be more. */
bool hf_tcp_connections_take_answers(struct hf_tcp_connections *all);
/* Closes what has been idle too long. */
void hf_tcp_connections_expire(struct hf_tcp_connections *all);
/* Until the next will be; at most a second. */
int hf_tcp_connections_sleep_ms(const struct hf_tcp_connections *all);

void hf_tcp_connections_set_idle(struct hf_tcp_connections *all, unsigned idle_ms); /* any thread */
unsigned hf_tcp_connections_count(const struct hf_tcp_connections *all);	    /* any thread */
