// SPDX-License-Identifier: BSD-3-Clause
/* What we know of the servers we ask, by address: round trip times, what they understand, for which zones they are lame.
 * Bounded; the least recently used is forgotten first. Nothing here is believed for longer than HF_SERVERS_MEMORY_NS.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "base/now.h"
#include "base/random.h"
#include "resolver/cookie.h"
#include "resolver/index.h"

#define HF_SERVERS_MEMORY_NS (900 * HF_NS_PER_SECOND)
#define HF_SERVERS_BACKOFF_NS (60 * HF_NS_PER_SECOND) /* after so long, timeouts in a row count as one */
#define HF_SERVERS_DEAD_TIMEOUTS 3 /* so many timeouts in a row, and a server is asked only when no other is left */

/* Replies that did not match, in a window of time; and until when that has consequences. */
struct hf_forgery {
	uint64_t since_ns, tcp_until_ns;
	uint32_t count;
};

struct hf_server {
	struct hf_index_node node;
	struct hf_server *newer, *older; /* by last use */
	struct hf_address address;
	uint64_t learned_ns;	   /* when the figures below were last fed */
	uint32_t srtt_us, rttvar_us; /* RFC 6298; srtt 0: not measured */
	uint8_t timeouts;	   /* in a row */
	uint64_t no_edns_until_ns; /* answered FORMERR, NOTIMP or BADVERS to EDNS */
	uint64_t no_case_until_ns; /* changes the case of the question */
	uint64_t no_cookie_until_ns; /* answered FORMERR to a query with one, and knows EDNS */
	uint64_t no_tcp_until_ns;  /* did not take a connection */
	uint64_t replied_ns;	   /* last, to whatever */
	struct hf_cookie cookie;
	struct hf_forgery forgery;
	/* Queries open, and what part of the configured number it may have, in thousandths: fewer while many time out. */
	uint32_t open;
	uint16_t quota, timeout_share;
	uint8_t window, window_timeouts;
};

struct hf_servers_bounds {
	uint32_t timeout_initial_ms, timeout_min_ms, timeout_max_ms;
	uint32_t fetches_per_server; /* 0: any number */
};

struct hf_servers;

struct hf_servers *hf_servers_new(uint32_t limit, const uint64_t secret[2]); /* NULL without memory */
void hf_servers_free(struct hf_servers *servers);

/* The record of `address`, made if need be; until the next call of this function it is of that address, and until hf_servers_free() it is
 * of some address. NULL without memory. */
struct hf_server *hf_servers_get(struct hf_servers *servers, const struct hf_address *address, struct hf_now now);

/* Silent for so long that one try in a fetch is enough. */
static inline bool hf_server_is_dead(const struct hf_server *server)
{
	return server->timeouts >= HF_SERVERS_DEAD_TIMEOUTS;
}

/* How long to wait for a UDP reply: SRTT + 4·RTTVAR, doubled for each timeout in a row, within the bounds. */
uint64_t hf_server_timeout_ns(const struct hf_server *server, const struct hf_servers_bounds *bounds);
void hf_server_note_rtt(struct hf_server *server, uint64_t rtt_ns, struct hf_now now);
void hf_server_note_timeout(struct hf_server *server, struct hf_now now);

/* A server that does not serve `zone` (RFC 1912 §2.8 and worse): remembered for the pair only. */
void hf_servers_mark_lame(struct hf_servers *servers, const struct hf_address *address, const uint8_t *zone,
			  struct hf_now now);
bool hf_servers_is_lame(struct hf_servers *servers, const struct hf_address *address, const uint8_t *zone,
			struct hf_now now);

/* So many queries may be open towards the server at once: of the configured number less the more of them time out. */
uint32_t hf_server_quota(const struct hf_server *server, uint32_t configured);

/* A server that replies to others but not for `zone`. After HF_SERVERS_DEAD_TIMEOUTS in a row it counts as lame for it for a
 * minute; a reply for the zone ends that. */
void hf_servers_note_deaf(struct hf_servers *servers, const struct hf_address *address, const uint8_t *zone,
			  struct hf_now now);
void hf_servers_clear_deaf(struct hf_servers *servers, const struct hf_address *address, const uint8_t *zone);

/* Picks one of `count` addresses: any by chance from the band of the fastest, or, with random NULL, the first that is not
 * dead. Unmeasured servers count as fast, so that each gets its turn. Returns the index; `count` must not be 0.
 * Servers with their quota of open queries are passed over; `count` when all have it. */
unsigned hf_servers_pick(struct hf_servers *servers, const struct hf_address *const *addresses, unsigned count,
			 const struct hf_servers_bounds *bounds, const struct hf_random *random, struct hf_now now);
