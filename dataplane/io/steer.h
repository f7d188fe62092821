// SPDX-License-Identifier: BSD-3-Clause
/* UDP towards servers without a socket for each query: datagrams go out by one raw socket a family from whatever source port
 * was drawn, and a program in the kernel (bpf/steer.bpf.c) brings the replies to one socket a family. A query then costs
 * a part of a sendmmsg() and of a recvmmsg() instead of seven system calls and the life of a socket.
 *
 * What guards a query stays: source port and ID are drawn anew for each, and the kernel hands over only what comes from the server that
 * was asked, to the port that the query left from, while it is waited for.
 *
 * Needs CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF when made, nothing later. Ends with the process, however that ends.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include "base/address.h"
#include "bpf/steer_abi.h"

#define HF_STEER_ERROR_MAX 256

struct hf_steer;

/* Main thread. NULL when it cannot be had here, with the reason in `error`. */
struct hf_steer *hf_steer_new(unsigned lanes, char error[HF_STEER_ERROR_MAX]);
void hf_steer_free(struct hf_steer *steer); /* after its lanes' threads ended */
/* Programs that steered packets in this network namespace already. Of two that want a packet the first has it: when each of two resolvers
 * has a query under way to the same server from the same port, the later one's reply is lost, and asked for again. */
unsigned hf_steer_others(const struct hf_steer *steer);

/* ---- one thread's part ---- */

enum { HF_STEER_BURST = 32, HF_STEER_MESSAGE_MAX = 512 };

struct hf_steer_lane;
struct hf_steer_lane *hf_steer_lane(struct hf_steer *steer, unsigned lane);
/* HF_STEER_IPV4 or _IPV6: to wait for replies; -1: the host had not that family, and nothing of it may be sent here. */
int hf_steer_lane_fd(const struct hf_steer_lane *lane, unsigned family);

/* Takes the port for a query to this server; replies come from now on. False: another query has it. */
bool hf_steer_take_port(struct hf_steer_lane *lane, uint16_t port, const struct hf_address *server);
void hf_steer_give_port(struct hf_steer_lane *lane, uint16_t port);

/* The address to send from to this server: `configured`, or if that is 0.0.0.0 or :: what the kernel would take; remembered for a second.
 * False: no way leads there, or `configured` is none of this host's. */
bool hf_steer_source(struct hf_steer_lane *lane, const struct hf_address *server, const struct hf_address *configured,
		     uint64_t now_ns, uint8_t source[16]);

/* Puts a datagram into the burst that hf_steer_flush() sends. False: it is full. `length` ≤ HF_STEER_MESSAGE_MAX. */
bool hf_steer_put(struct hf_steer_lane *lane, const uint8_t source[16], uint16_t port, const struct hf_address *server,
		  const uint8_t *message, size_t length);
/* Sends; `failed` gets the source ports of what could not be sent. Returns how many. */
unsigned hf_steer_flush(struct hf_steer_lane *lane, uint16_t failed[HF_STEER_FAMILIES * HF_STEER_BURST]);

struct hf_steer_datagram {
	struct hf_address from, to; /* both with ports */
	const uint8_t *message;
	size_t length;
};
/* A burst of replies, valid until the next call. 0: there are none. */
unsigned hf_steer_receive(struct hf_steer_lane *lane, unsigned family,
			  struct hf_steer_datagram datagrams[HF_STEER_BURST]);

/* An ICMP error about a query: to whom it was, and the first octets of the query that the error quotes. False: there is none. */
bool hf_steer_take_error(struct hf_steer_lane *lane, unsigned family, struct hf_address *server, uint8_t *quoted,
			 size_t capacity, size_t *length);
