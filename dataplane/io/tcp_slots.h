// SPDX-License-Identifier: BSD-3-Clause
/* The places that connections have, shared by who moves octets (tcp_connection.c) and who decides which connection stays
 * (tcp_slots.c). Private to the two. */
#pragma once
#include <sys/queue.h>
#include "io/framing.h"
#include "io/tcp_connection.h"
#include "io/tcp_sources.h"

enum { HF_TCP_INPUT_OCTETS = HF_FRAMING_PREFIX + HF_SERVE_QUERY_MAX };

enum hf_tcp_state {
	HF_TCP_FREE,
	HF_TCP_IDLE,	 /* nothing under way, nothing to write; also with half a query */
	HF_TCP_WAITING, /* for answers */
	HF_TCP_WRITING, /* with output that the client does not take */
	HF_TCP_STATES,
};

struct hf_tcp_connection {
	TAILQ_ENTRY(hf_tcp_connection) link; /* among those in its state, longest without activity first */
	enum hf_tcp_state state;
	struct hf_tcp_source source;
	int fd;
	uint32_t generation;
	uint32_t watched; /* epoll events */
	struct hf_address client;
	uint64_t active_ns;
	unsigned under_way; /* misses */
	unsigned queries;   /* taken so far */
	bool finished;	    /* no more is read: the client closed its side, or has had its number of queries */
	size_t in_used;
	uint8_t *out;
	size_t out_used, out_sent, out_room;
	uint64_t pending_ns; /* since when there is output */
	uint8_t in[HF_TCP_INPUT_OCTETS];
};
TAILQ_HEAD(hf_tcp_connection_list, hf_tcp_connection);

struct hf_tcp_connections {
	struct hf_serve *serve;
	int epoll_fd;
	unsigned slots;
	struct hf_tcp_connection *connections;
	struct hf_tcp_connection_list in[HF_TCP_STATES];
	struct hf_tcp_sources *sources;
	size_t out_total; /* octets that all `out` have room for */
	bool starved; /* some connection waits for a ticket */
	unsigned starved_next; /* slot that is looked at first when there is one */
	_Atomic unsigned count;
	_Atomic unsigned idle_ms;
	struct hf_now now; /* of this turn */
	struct hf_request request;
	uint8_t reply[HF_FRAMING_PREFIX + HF_MESSAGE_MAX];
};

/* Into the list of that state, as the one with the newest activity. */
void hf_tcp_slots_enter(struct hf_tcp_connections *all, struct hf_tcp_connection *connection, enum hf_tcp_state state);
void hf_tcp_slots_touch(struct hf_tcp_connections *all, struct hf_tcp_connection *connection); /* activity just now */
void hf_tcp_slots_settle(struct hf_tcp_connections *all, struct hf_tcp_connection *connection); /* where it belongs by what it waits for */
void hf_tcp_slots_drop_output(struct hf_tcp_connections *all, struct hf_tcp_connection *connection);
void hf_tcp_slots_close(struct hf_tcp_connections *all, struct hf_tcp_connection *connection);
void hf_tcp_slots_close_counted(struct hf_tcp_connections *all, struct hf_tcp_connection *connection, enum hf_drop reason);

static inline size_t hf_tcp_slots_pending(const struct hf_tcp_connection *connection)
{
	return connection->out_used - connection->out_sent;
}
