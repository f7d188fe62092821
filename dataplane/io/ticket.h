// SPDX-License-Identifier: BSD-3-Clause
/* A miss that waits for its answer: who asked, what, over which way in, and the reply's bytes on the way back.
 *
 * A pool belongs to one thread (a packet worker, the TCP listener, housekeeping): it alone takes and gives back.
 * Between, a ticket belongs to whom it was posted to: arrival thread → resolver thread → arrival thread.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/address.h"
#include "bpf/fastpath_abi.h"
#include "io/admission.h"
#include "io/mailbox.h"
#include "wire/message.h"

#define HF_TICKET_REPLY_MAX HF_UDP_REPLY_MAX /* longer replies (TCP) are allocated by the resolver thread */
#define HF_TICKET_ARRIVAL_MAX 96 /* Ethernet + two VLAN tags + IPv6 + UDP headers fit, and more */

struct hf_ticket {
	struct hf_mail mail; /* first */
	struct hf_ticket *next_free;

	/* The question. query.question points to question[]; query.edns.options is NULL. */
	struct hf_query query;
	uint8_t question[HF_NAME_MAX + 5];

	bool tcp;
	bool dropped; /* by a local zone's rule */
	/* The latter two: by the resolver thread, hf_ticket_time(); 0: never. */
	uint64_t arrived_ns, taken_ns, answered_ns;
	struct hf_admission_pass pass; /* what it holds of the shares */
	struct hf_address client;
	/* The back end's own: what it needs to send the reply back the way the query came (addresses, headers,
	 * connection). */
	uint8_t arrival[HF_TICKET_ARRIVAL_MAX] __attribute__((aligned(8)));

	/* `holdfastctl trace`: the resolver's decisions go here, a line each; NULL for a client's question. */
	FILE *story;

	/* The answer. reply_length 0: there is none to send. */
	unsigned rcode;
	uint8_t zone_labels; /* plus one, of the zone that the name was found in; 0: unknown */
	bool turned_away;    /* by a limit of the name's zone */
	bool too_late;	     /* the client does not wait any more (clients.discard-timeout-ms) */
	uint32_t reply_length;
	uint8_t *reply; /* inline_reply, or malloc()ed: hf_ticket_give() frees it */
	uint8_t inline_reply[HF_TICKET_REPLY_MAX];
};

struct hf_ticket_pool;

struct hf_ticket_pool *hf_ticket_pool_new(unsigned capacity); /* NULL without memory */
void hf_ticket_pool_free(struct hf_ticket_pool *pool);	      /* after all threads that hold tickets ended */
unsigned hf_ticket_pool_available(const struct hf_ticket_pool *pool);

/* An empty ticket whose mail comes back to `home`; NULL when all are under way. */
struct hf_ticket *hf_ticket_take(struct hf_ticket_pool *pool, struct hf_mailbox *home);
void hf_ticket_give(struct hf_ticket_pool *pool, struct hf_ticket *ticket);

/* `now_ns`, and not before the ticket came: each thread reads the clock once a turn, so that a ticket may come from what is still to be
 * for the thread that takes it. */
uint64_t hf_ticket_time(const struct hf_ticket *ticket, uint64_t now_ns);

/* Copies the question so that the packet may go. */
void hf_ticket_set_query(struct hf_ticket *ticket, const struct hf_query *query);
