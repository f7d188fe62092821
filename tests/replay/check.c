// SPDX-License-Identifier: BSD-3-Clause
/* Compares a message with an entry by the words of its MATCH line; see check.h. */
#include <stdlib.h>
#include <string.h>
#include "check.h"

#define EDNS_NSID 3
#define EDNS_COOKIE 10

static bool same_header(const struct sim_entry *entry, const ldns_pkt *want, const ldns_pkt *got, FILE *why)
{
	bool flags = ldns_pkt_qr(want) == ldns_pkt_qr(got) && ldns_pkt_aa(want) == ldns_pkt_aa(got) &&
		     ldns_pkt_tc(want) == ldns_pkt_tc(got) && ldns_pkt_rd(want) == ldns_pkt_rd(got) &&
		     ldns_pkt_ra(want) == ldns_pkt_ra(got) && ldns_pkt_ad(want) == ldns_pkt_ad(got) &&
		     ldns_pkt_cd(want) == ldns_pkt_cd(got);
	bool rcode = sim_message_rcode(want) == sim_message_rcode(got);
	bool opcode = ldns_pkt_get_opcode(want) == ldns_pkt_get_opcode(got);

	flags = flags || !(entry->match & SIM_MATCH_FLAGS);
	rcode = rcode || !(entry->match & SIM_MATCH_RCODE);
	opcode = opcode || !(entry->match & SIM_MATCH_OPCODE);
	if (flags && rcode && opcode)
		return true;
	fprintf(why, "%s%s%s: expected ", opcode ? "" : "opcode ", flags ? "" : "flags ", rcode ? "" : "rcode ");
	sim_message_print_header(why, want);
	fputs(", got ", why);
	sim_message_print_header(why, got);
	fputc('\n', why);
	return false;
}

static bool same_spelling(const ldns_rdf *a, const ldns_rdf *b)
{
	return ldns_rdf_size(a) == ldns_rdf_size(b) && memcmp(ldns_rdf_data(a), ldns_rdf_data(b), ldns_rdf_size(a)) == 0;
}

static bool same_question(const struct sim_entry *entry, const ldns_pkt *want, const ldns_pkt *got, FILE *why)
{
	const ldns_rr *a = sim_message_question(want), *b = sim_message_question(got);
	const char *part = NULL;

	if (!(entry->match & (SIM_MATCH_QUESTION | SIM_MATCH_QCASE | SIM_MATCH_SUBDOMAIN)) || (!a && !b))
		return true;
	if (!a || !b) {
		part = "question";
	} else {
		const ldns_rdf *name = ldns_rr_owner(a), *asked = ldns_rr_owner(b);

		if ((entry->match & SIM_MATCH_QTYPE) &&
		    (ldns_rr_get_type(a) != ldns_rr_get_type(b) || ldns_rr_get_class(a) != ldns_rr_get_class(b)))
			part = "qtype";
		if ((entry->match & SIM_MATCH_QNAME) && ldns_dname_compare(name, asked) != 0)
			part = "qname";
		else if ((entry->match & SIM_MATCH_QCASE) && !same_spelling(name, asked))
			part = "qcase";
		/* ldns's test leaves out equality, and its root has no subdomains */
		if ((entry->match & SIM_MATCH_SUBDOMAIN) && ldns_rdf_size(name) > 1 &&
		    ldns_dname_compare(name, asked) != 0 && !ldns_dname_is_subdomain(asked, name))
			part = "subdomain";
	}
	if (!part)
		return true;
	fprintf(why, "%s: expected ", part);
	sim_message_print_question(why, want);
	fputs(", got ", why);
	sim_message_print_question(why, got);
	fputc('\n', why);
	return false;
}

/* ---- sections ---- */

/* Each RR of one finds its own partner in the other. */
static bool same_rrs(const ldns_rr_list *want, const ldns_rr_list *got, bool ttl)
{
	size_t count = ldns_rr_list_rr_count(want);

	if (count != ldns_rr_list_rr_count(got))
		return false;
	bool *taken = calloc(count ? count : 1, sizeof(*taken)), all = true;
	for (size_t i = 0; i < count && all; i++) {
		const ldns_rr *rr = ldns_rr_list_rr(want, i);

		all = false;
		for (size_t k = 0; k < count && !all; k++) {
			const ldns_rr *other = ldns_rr_list_rr(got, k);

			if (!taken[k] && sim_message_same_rr(rr, other) && (!ttl || ldns_rr_ttl(rr) == ldns_rr_ttl(other)))
				all = taken[k] = true;
		}
	}
	free(taken);
	return all;
}

static bool has_type(const ldns_rr_list *rrs, ldns_rr_type type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(rrs); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(rrs, i)) == type)
			return true;
	return false;
}

/* The types of one are among the other's; RRSIGs are not looked at. */
static bool has_types(const ldns_rr_list *wanted, const ldns_rr_list *rrs)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(wanted); i++) {
		ldns_rr_type type = ldns_rr_get_type(ldns_rr_list_rr(wanted, i));

		if (type != LDNS_RR_TYPE_RRSIG && !has_type(rrs, type))
			return false;
	}
	return true;
}

static bool same_sections(const struct sim_entry *entry, const ldns_pkt *want, const ldns_pkt *got, FILE *why)
{
	static const struct {
		uint32_t bit;
		enum sim_section section;
		const char *name;
	} rows[] = {{SIM_MATCH_ANSWER, SIM_SECTION_ANSWER, "answer"},
		    {SIM_MATCH_AUTHORITY, SIM_SECTION_AUTHORITY, "authority"},
		    {SIM_MATCH_ADDITIONAL, SIM_SECTION_ADDITIONAL, "additional"},
		    {SIM_MATCH_ANSWERTYPES, SIM_SECTION_ANSWER, "answer types"}};
	bool same = true;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const ldns_rr_list *expected = sim_message_section(want, rows[i].section);
		const ldns_rr_list *came = sim_message_section(got, rows[i].section);

		if (!(entry->match & rows[i].bit) ||
		    (rows[i].bit == SIM_MATCH_ANSWERTYPES ? has_types(expected, came) && has_types(came, expected)
							  : same_rrs(expected, came, entry->match & SIM_MATCH_TTL)))
			continue;
		fprintf(why, "%s: expected\n", rows[i].name);
		sim_message_print_rrs(why, expected);
		fputs("\tgot\n", why);
		sim_message_print_rrs(why, came);
		same = false;
	}
	return same;
}

/* ---- EDNS and transport ---- */

static bool find_option(const ldns_pkt *packet, uint16_t code, const uint8_t **data, size_t *size)
{
	const ldns_rdf *options = ldns_pkt_edns_data(packet);
	size_t length = options ? ldns_rdf_size(options) : 0;
	const uint8_t *bytes = options ? ldns_rdf_data(options) : NULL;

	for (size_t at = 0; at + 4 <= length; at += 4u + *size) {
		*size = ldns_read_uint16(bytes + at + 2);
		*data = bytes + at + 4;
		if (at + 4 + *size <= length && ldns_read_uint16(bytes + at) == code)
			return true;
	}
	return false;
}

static bool same_edns(const struct sim_entry *entry, const ldns_pkt *want, const ldns_pkt *got, FILE *why)
{
	if ((entry->match & SIM_MATCH_EDNS) &&
	    (!ldns_pkt_edns(got) || ldns_pkt_edns_version(want) != ldns_pkt_edns_version(got) ||
	     ldns_pkt_edns_do(want) != ldns_pkt_edns_do(got))) {
		fprintf(why, "edns: expected version %u%s, got %s", ldns_pkt_edns_version(want),
			ldns_pkt_edns_do(want) ? " with DO" : "", ldns_pkt_edns(got) ? "" : "none\n");
		if (ldns_pkt_edns(got))
			fprintf(why, "version %u%s\n", ldns_pkt_edns_version(got), ldns_pkt_edns_do(got) ? " with DO" : "");
		return false;
	}
	if ((entry->match & SIM_MATCH_NOEDNS) && ldns_pkt_edns(got)) {
		fputs("noedns: there is EDNS\n", why);
		return false;
	}
	if ((entry->match & SIM_MATCH_DO) && !ldns_pkt_edns_do(got)) {
		fputs("do: the DO bit is not set\n", why);
		return false;
	}
	if (entry->match & SIM_MATCH_NSID) {
		const uint8_t *a = NULL, *b = NULL;
		size_t a_size = 0, b_size = 0;
		bool in_a = find_option(want, EDNS_NSID, &a, &a_size), in_b = find_option(got, EDNS_NSID, &b, &b_size);

		if (in_a != in_b || (in_a && (a_size != b_size || memcmp(a, b, a_size) != 0))) {
			fprintf(why, "nsid: expected %s, got %s\n", in_a ? "one" : "none", in_b ? "another" : "none");
			return false;
		}
	}
	return true;
}

/* A client cookie is 8 octets, a server's 8 to 32 behind it (RFC 7873 §4). */
static bool same_options(const struct sim_entry *entry, const ldns_pkt *want, const ldns_pkt *got, FILE *why)
{
	const ldns_rdf *a = ldns_pkt_edns_data(want), *b = ldns_pkt_edns_data(got);
	size_t a_size = a ? ldns_rdf_size(a) : 0, b_size = b ? ldns_rdf_size(b) : 0, size = 0;
	const uint8_t *cookie = NULL;

	if ((entry->match & SIM_MATCH_EDNSDATA) &&
	    (a_size != b_size || (a_size && memcmp(ldns_rdf_data(a), ldns_rdf_data(b), a_size) != 0))) {
		fprintf(why, "ednsdata: expected %zu octets, got %zu%s\n", a_size, b_size,
			a_size == b_size ? " others" : "");
		return false;
	}
	if (!find_option(got, EDNS_COOKIE, &cookie, &size))
		size = 0;
	if (((entry->match & SIM_MATCH_CLIENT_COOKIE) && size < 8) ||
	    ((entry->match & SIM_MATCH_SERVER_COOKIE) && size < 16)) {
		fprintf(why, "cookie: expected one%s, got %zu octets\n",
			entry->match & SIM_MATCH_SERVER_COOKIE ? " with a server's part" : "", size);
		return false;
	}
	return true;
}

static bool same_serial(const struct sim_entry *entry, const ldns_pkt *got, FILE *why)
{
	const ldns_rr_list *authority = ldns_pkt_authority(got);

	if (!(entry->match & SIM_MATCH_SERIAL))
		return true;
	for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(authority, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && ldns_rr_rd_count(rr) > 2 &&
		    ldns_rdf2native_int32(ldns_rr_rdf(rr, 2)) == entry->serial)
			return true;
	}
	fprintf(why, "serial: expected %u in the SOA of the authority section\n", entry->serial);
	return false;
}

static bool has_ede(const struct sim_entry *entry, const ldns_pkt *got, FILE *why)
{
	uint16_t codes[SIM_EDE_MAX];
	unsigned count = sim_message_edes(got, codes);

	if (!(entry->match & SIM_MATCH_EDE) || (entry->ede == SIM_EDE_ANY && count))
		return true;
	for (unsigned i = 0; i < count; i++)
		if (codes[i] == entry->ede)
			return true;
	fprintf(why, "ede: expected %d, got", entry->ede);
	for (unsigned i = 0; i < count; i++)
		fprintf(why, " %u", codes[i]);
	fputs(count ? "\n" : " none\n", why);
	return false;
}

bool sim_check(const struct sim_entry *entry, const struct sim_message *message, char **reason)
{
	const ldns_pkt *want = entry->packet, *got = message->packet;
	char *text = NULL;
	size_t size;
	FILE *why = open_memstream(&text, &size);
	bool same = true;

	if (entry->match & (message->tcp ? SIM_MATCH_UDP : SIM_MATCH_TCP)) {
		fprintf(why, "transport: came over %s\n", message->tcp ? "TCP" : "UDP");
		same = false;
	}
	/* all of them, so that the reason is complete */
	same = same_question(entry, want, got, why) && same;
	same = same_header(entry, want, got, why) && same;
	same = same_sections(entry, want, got, why) && same;
	same = same_edns(entry, want, got, why) && same;
	same = same_options(entry, want, got, why) && same;
	same = same_serial(entry, got, why) && same;
	same = has_ede(entry, got, why) && same;
	fclose(why);
	if (!same && reason)
		*reason = text;
	else
		free(text);
	return same;
}
