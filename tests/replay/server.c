// SPDX-License-Identifier: BSD-3-Clause
/* The scenario's servers; see server.h. */
#include <stdlib.h>
#include <string.h>
#include "server.h"

#define EDNS_CLIENT_SUBNET 8

static bool range_fits(const struct sim_range *range, const struct sim_world *world, const struct hf_address *server)
{
	if (world->range_number < range->first || world->range_number > range->last)
		return false;
	for (size_t i = 0; i < range->address_count; i++)
		if (hf_address_equal(&range->addresses[i], server))
			return true;
	return range->address_count == 0;
}

static struct sim_entry *find_entry(const struct sim_range *range, const struct sim_message *query)
{
	for (size_t i = 0; i < range->entry_count; i++)
		if (sim_check(&range->entries[i], query, NULL))
			return &range->entries[i];
	return NULL;
}

bool sim_server_step_fits(const struct sim_step *step, const struct sim_exchange *exchange)
{
	return step->kind == SIM_STEP_REPLY && !step->replied &&
	       (!step->address.family || hf_address_equal(&step->address, &exchange->server)) &&
	       sim_check(step->entry, exchange->query, NULL);
}

static struct sim_entry *take_one_shot(struct sim_world *world, const struct sim_exchange *exchange)
{
	struct sim_scenario *scenario = world->scenario;

	for (size_t i = world->step; i < scenario->step_count; i++)
		if (sim_server_step_fits(&scenario->steps[i], exchange)) {
			scenario->steps[i].replied = true;
			return scenario->steps[i].entry;
		}
	return NULL;
}

/* ---- octets of a reply ---- */

/* The scope of a client subnet becomes its source prefix (RFC 7871 §7.2.1). */
static void copy_options(const ldns_pkt *query, ldns_pkt *reply)
{
	ldns_rdf *options = ldns_rdf_clone(ldns_pkt_edns_data(query));
	uint8_t *bytes = ldns_rdf_data(options);

	for (size_t at = 0; at + 4 <= ldns_rdf_size(options); at += 4u + ldns_read_uint16(bytes + at + 2))
		if (ldns_read_uint16(bytes + at) == EDNS_CLIENT_SUBNET && at + 8 <= ldns_rdf_size(options))
			bytes[at + 7] = bytes[at + 6];
	ldns_rdf_deep_free(ldns_pkt_edns_data(reply));
	ldns_pkt_set_edns_data(reply, options);
}

static ldns_pkt *adjusted(const struct sim_entry *entry, const ldns_pkt *query)
{
	ldns_pkt *reply = ldns_pkt_clone(entry->packet);
	ldns_rr_list *question = ldns_pkt_question(reply);
	const ldns_rr *asked = sim_message_question(query);

	if (entry->adjust & SIM_ADJUST_ID)
		ldns_pkt_set_id(reply, ldns_pkt_id(query));
	if (asked && (entry->adjust & SIM_ADJUST_QUERY)) {
		ldns_rr_list_deep_free(question);
		question = ldns_rr_list_new();
		ldns_rr_list_push_rr(question, ldns_rr_clone(asked));
		ldns_pkt_set_question(reply, question);
		ldns_pkt_set_qdcount(reply, 1);
	} else if (asked && (entry->adjust & SIM_ADJUST_ID) && ldns_rr_list_rr_count(question)) {
		ldns_rr *own = ldns_rr_list_rr(question, 0);

		ldns_rdf_deep_free(ldns_rr_owner(own));
		ldns_rr_set_owner(own, ldns_rdf_clone(ldns_rr_owner(asked)));
	}
	/* No OPT to who sent none (RFC 6891 §7), and none from a server that does not know EDNS or says so. */
	unsigned rcode = sim_message_rcode(reply);
	if (!ldns_pkt_edns(query) || rcode == LDNS_RCODE_FORMERR || rcode == LDNS_RCODE_NOTIMPL) {
		ldns_pkt_set_edns_udp_size(reply, 0);
		ldns_pkt_set_edns_do(reply, false);
		ldns_pkt_set_edns_extended_rcode(reply, 0);
	} else {
		ldns_pkt_set_edns_do(reply, ldns_pkt_edns_do(query));
		if ((entry->adjust & SIM_ADJUST_OPTIONS) && ldns_pkt_edns_data(query))
			copy_options(query, reply);
	}
	return reply;
}

void sim_server_give(struct sim_world *world, struct sim_exchange *exchange, struct sim_entry *entry)
{
	entry->fired++;
	exchange->extra = entry->extra;
	if (entry->adjust & SIM_ADJUST_SILENT)
		return;
	if (entry->raw) {
		exchange->reply = malloc(entry->raw_length + 1);
		memcpy(exchange->reply, entry->raw, entry->raw_length);
		exchange->reply_length = entry->raw_length;
		if ((entry->adjust & (SIM_ADJUST_RAW_ID | SIM_ADJUST_ID)) && entry->raw_length >= 2)
			ldns_write_uint16(exchange->reply, ldns_pkt_id(exchange->query->packet));
	} else {
		ldns_pkt *reply = adjusted(entry, exchange->query->packet);

		if (!sim_message_write(reply, &exchange->reply, &exchange->reply_length)) {
			sim_world_break(world, "line %d: the entry cannot be written", entry->line);
			exchange->reply = NULL;
		}
		ldns_pkt_free(reply);
	}
	exchange->due_ns = world->now.mono_ns + entry->sleep_s * HF_NS_PER_SECOND;
}

static void give_servfail(struct sim_world *world, struct sim_exchange *exchange)
{
	ldns_pkt *packet = ldns_pkt_new();
	struct sim_entry entry = {.packet = packet, .adjust = SIM_ADJUST_ID | SIM_ADJUST_QUERY};

	ldns_pkt_set_qr(packet, true);
	ldns_pkt_set_rcode(packet, LDNS_RCODE_SERVFAIL);
	ldns_pkt_set_edns_udp_size(packet, 4096);
	sim_server_give(world, exchange, &entry);
	ldns_pkt_free(packet);
}

void sim_server_reply(struct sim_world *world, struct sim_exchange *exchange)
{
	const struct sim_scenario *scenario = world->scenario;
	struct sim_entry *entry = NULL;
	bool served = false;

	for (size_t i = 0; i < scenario->range_count && !entry; i++) {
		if (!range_fits(&scenario->ranges[i], world, &exchange->server))
			continue;
		if (served && scenario->dialect == SIM_DECKARD)
			break;
		served = true;
		entry = find_entry(&scenario->ranges[i], exchange->query);
	}
	if (!entry && scenario->dialect == SIM_DECKARD)
		entry = take_one_shot(world, exchange);
	if (entry) {
		sim_world_tell(world, "   reply of line %d%s", entry->line,
			       entry->adjust & SIM_ADJUST_SILENT ? ": silence" : "");
		sim_server_give(world, exchange, entry);
	} else if (served && scenario->dialect == SIM_DECKARD) {
		sim_world_tell(world, "   no entry of this server matches: SERVFAIL");
		world->unmatched++;
		give_servfail(world, exchange);
	} else {
		sim_world_tell(world, "   nobody replies");
	}
}
