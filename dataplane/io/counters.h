// SPDX-License-Identifier: BSD-3-Clause
/* What packet workers and the TCP listener count. Every way out of the slow path that leaves a client without an
 * answer has its row in HF_DROPS; the lists give enum, name (RPC, metrics) and text.
 *
 * One struct belongs to one thread, which alone writes; any thread reads. Relaxed atomics: each figure is exact, the
 * set is not one instant.
 */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

#define HF_COUNTERS(X)                                                       \
	X(queries, "client messages received")                               \
	X(queries_tcp, "of these over TCP")                                  \
	X(replies, "replies sent")                                           \
	X(cache_hits, "answered from the answer cache")                      \
	X(misses, "handed to a resolver thread")                             \
	X(answered_misses, "came back from a resolver thread and were sent") \
	X(truncated, "replies sent empty with TC")                           \
	X(formerr, "answered FORMERR")                                       \
	X(notimp, "answered NOTIMP")                                         \
	X(badvers, "answered BADVERS")                                       \
	X(badcookie, "answered BADCOOKIE: a cookie is required")             \
	X(cookie_missing, "answered with TC alone: a cookie is required")    \
	X(cookies_new, "queries with a client cookie alone")                 \
	X(cookies_valid, "queries with a server cookie of ours")             \
	X(cookies_invalid, "queries with another or an old server cookie")   \
	X(refused_no_recursion, "answered REFUSED: RD was not set")          \
	X(refused_client, "answered REFUSED: the client's access rule")      \
	X(refused_class, "answered REFUSED: class other than IN")            \
	X(answered_chaos, "answered in class CH: identity or version")       \
	X(refused_transfer, "answered REFUSED: AXFR or IXFR")                \
	X(noerror, "replies with NOERROR")                                   \
	X(nxdomain, "replies with NXDOMAIN")                                 \
	X(servfail, "replies with SERVFAIL")                                 \
	X(other_rcodes, "replies with another rcode")                        \
	X(prefetches, "refetches asked for at a hit near the end of a TTL")  \
	X(promotions, "answers offered to the kernel tier")                  \
	X(tcp_accepted, "TCP connections accepted")                          \
	X(tcp_idle_closed, "TCP connections closed after the idle timeout")  \
	X(tcp_displaced, "idle TCP connections closed to make room for a new one")

#define HF_DROPS(X)                                                                      \
	X(malformed, "not a query, or too short to answer")                              \
	X(response, "QR was set")                                                        \
	X(access, "the client's access rule")                                            \
	X(source_port, "source port 0 or 53")                                            \
	X(destination, "sent to a multicast or broadcast address")                       \
	X(oversized, "longer than any query we take")                                    \
	X(tickets_exhausted, "too many misses under way")                                \
	X(zone_share, "misses of a zone that has its share of those under way")          \
	X(client_share, "misses of a client address with too many unanswered (wait-limit)") \
	X(too_late, "answers that came after the client's patience (discard-timeout)")   \
	X(local_zone, "the rule of a local zone")                                        \
	X(no_reply, "no reply fits the client's or our buffer")                          \
	X(send_failed, "the kernel or the NIC did not take the reply")                   \
	X(promotion_queue, "not offered to the kernel tier: its queue is full")          \
	X(prefetch_skipped, "refetch not asked for: too many misses under way")          \
	X(client_gone, "the TCP client closed before its answer came")                   \
	X(tcp_clients, "TCP connections refused: too many clients")                      \
	X(tcp_source, "TCP connections refused: too many of one source")                 \
	X(tcp_slow_reader, "TCP connections closed: replies were not read")              \
	X(tcp_framing, "TCP connections closed: length prefix of 0 or beyond any query") \
	X(frame_unsupported, "frames that the packet back end does not speak")

enum hf_drop {
#define X(name, text) HF_DROP_##name,
	HF_DROPS(X)
#undef X
	HF_DROP_COUNT
};

struct hf_counters {
#define X(name, text) _Atomic uint64_t name;
	HF_COUNTERS(X)
#undef X
	_Atomic uint64_t drops[HF_DROP_COUNT];
};

/* Single writer: a plain load and store, no locked instruction. */
static inline void hf_counter_add(_Atomic uint64_t *counter, uint64_t amount)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
			      memory_order_relaxed);
}

static inline void hf_counters_drop(struct hf_counters *counters, enum hf_drop reason)
{
	hf_counter_add(&counters->drops[reason], 1);
}

static inline uint64_t hf_counter_read(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit((_Atomic uint64_t *)counter, memory_order_relaxed);
}
