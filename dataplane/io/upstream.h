// SPDX-License-Identifier: BSD-3-Clause
/* Exchanges with authoritative servers and forwarders: one UDP query from a source port drawn for it from the whole
 * unprivileged range (RFC 5452 §9.2), or one TCP connection. The UDP query has a connected socket to itself, or it is steered
 * (io/steer.h). Belongs to one resolver thread.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/now.h"
#include "base/random.h"
#include "control/config.h"
#include "io/steer.h"

/* Source ports to draw from: 1024–65535 without our own services' and the host's reserved ones
 * (net.ipv4.ip_local_reserved_ports). Made once, shared, constant. */
struct hf_source_ports {
	unsigned count;
	uint16_t ports[65536];
};
struct hf_source_ports *hf_source_ports_new(const struct hf_config *config); /* NULL without memory; free() it */

/* Who wants to know. Both are called from hf_upstream_ready() and hf_upstream_flush() only. */
struct hf_upstream_sink {
	/* A message came for `exchange`, from the server it was sent to (the socket is connected). Over UDP the
	 * exchange stays open. */
	void (*reply)(void *state, uint64_t exchange, const struct hf_address *from, const uint8_t *message,
		      size_t length);
	/* It failed and is closed. */
	void (*failed)(void *state, uint64_t exchange);
	void *state;
};

struct hf_upstream;

/* Sockets are watched by `epoll_fd`, with values below `HF_UPSTREAM_EVENT_LIMIT` in epoll_event.data.u64. `lane`: this thread's, for
 * steered queries, or NULL; it outlives this. NULL without memory. */
#define HF_UPSTREAM_EVENT_LIMIT (UINT64_C(1) << 63)
struct hf_upstream *hf_upstream_new(int epoll_fd, unsigned exchanges, const struct hf_source_ports *ports,
				    const struct hf_random *random, const struct hf_upstream_sink *sink,
				    struct hf_steer_lane *lane);
void hf_upstream_free(struct hf_upstream *upstream); /* closes all */
void hf_upstream_set_sources(struct hf_upstream *upstream, const struct hf_address *ipv4,
			     const struct hf_address *ipv6);

/* False: it failed at once; nothing is open. The query may wait for hf_upstream_flush(). */
bool hf_upstream_send(struct hf_upstream *upstream, uint64_t exchange, const struct hf_address *server, bool tcp,
		      const uint8_t *message, size_t length, struct hf_now now);
/* Sends what waits: at the end of each turn. */
void hf_upstream_flush(struct hf_upstream *upstream);
void hf_upstream_cancel(struct hf_upstream *upstream, uint64_t exchange); /* unknown ones are fine */
/* An event of epoll_wait(). One of a socket closed in the meantime is recognised and ignored. */
void hf_upstream_ready(struct hf_upstream *upstream, uint64_t data, uint32_t events);
unsigned hf_upstream_open(const struct hf_upstream *upstream);
