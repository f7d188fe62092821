// SPDX-License-Identifier: BSD-3-Clause
/* DNS messages on the script's side of the wire: what scenarios say, what mock servers send, what clients get.
 *
 * All of it goes through ldns, so that the product's own parser and writer are met by somebody else's.
 */
#pragma once
#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SIM_EDE_MAX 8

enum sim_section { SIM_SECTION_ANSWER, SIM_SECTION_AUTHORITY, SIM_SECTION_ADDITIONAL, SIM_SECTION_COUNT };

/* A message as it went over the wire. */
struct sim_message {
	ldns_pkt *packet;
	uint8_t *bytes;
	size_t length;
	bool tcp;
};

/* Takes a copy of `bytes`. NULL when ldns cannot read them; `fault` then names why. */
struct sim_message *sim_message_read(const uint8_t *bytes, size_t length, bool tcp, const char **fault);
void sim_message_free(struct sim_message *message); /* NULL is fine */

/* `packet` as bytes, malloc'ed. False when ldns cannot write it. */
bool sim_message_write(const ldns_pkt *packet, uint8_t **bytes, size_t *length);

ldns_rr_list *sim_message_section(const ldns_pkt *packet, enum sim_section section);
const ldns_rr *sim_message_question(const ldns_pkt *packet); /* NULL for none */
unsigned sim_message_rcode(const ldns_pkt *packet);	     /* extended bits included */
/* INFO-CODEs of the extended DNS errors (RFC 8914 §2); returns how many. */
unsigned sim_message_edes(const ldns_pkt *packet, uint16_t codes[SIM_EDE_MAX]);

/* Same owner, type, class and RDATA, names without case; TTLs are not looked at. */
bool sim_message_same_rr(const ldns_rr *a, const ldns_rr *b);

/* "QR RD RA NOERROR" */
void sim_message_print_header(FILE *out, const ldns_pkt *packet);
/* One "\t\tRR" a line. */
void sim_message_print_rrs(FILE *out, const ldns_rr_list *rrs);
/* "www.example.com. IN A", or "no question" */
void sim_message_print_question(FILE *out, const ldns_pkt *packet);
