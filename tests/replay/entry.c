// SPDX-License-Identifier: BSD-3-Clause
/* ENTRY_BEGIN … ENTRY_END of a scenario file. RRs are read by ldns; what it cannot read may be written in the form for
 * unknown types, "\# length hex" (RFC 3597 §5). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "entry.h"

/* Deckard's mock servers and clients speak EDNS with this size; a reply's OPT goes only to who sent one. */
#define EDNS_SIZE 4096

struct word {
	const char *text;
	uint32_t bits;
};

static const struct word match_words[] = {
	{"opcode", SIM_MATCH_OPCODE}, {"qtype", SIM_MATCH_QTYPE}, {"qname", SIM_MATCH_QNAME},
	{"qcase", SIM_MATCH_QNAME | SIM_MATCH_QCASE}, {"subdomain", SIM_MATCH_SUBDOMAIN}, {"flags", SIM_MATCH_FLAGS},
	{"rcode", SIM_MATCH_RCODE}, {"question", SIM_MATCH_QUESTION}, {"answer", SIM_MATCH_ANSWER},
	{"authority", SIM_MATCH_AUTHORITY}, {"additional", SIM_MATCH_ADDITIONAL}, {"edns", SIM_MATCH_EDNS},
	{"noedns", SIM_MATCH_NOEDNS}, {"nsid", SIM_MATCH_NSID}, {"do", SIM_MATCH_DO}, {"all", SIM_MATCH_ALL},
	{"all_noedns", SIM_MATCH_ALL}, {"ttl", SIM_MATCH_TTL}, {"tcp", SIM_MATCH_TCP}, {"udp", SIM_MATCH_UDP},
	{"answertypes", SIM_MATCH_ANSWERTYPES}, {"ednsdata", SIM_MATCH_EDNSDATA},
	{"client_cookie", SIM_MATCH_CLIENT_COOKIE}, {"server_cookie", SIM_MATCH_SERVER_COOKIE}, {NULL, 0}};

static const struct word adjust_words[] = {
	{"copy_id", SIM_ADJUST_ID}, {"copy_query", SIM_ADJUST_QUERY}, {"do_not_answer", SIM_ADJUST_SILENT},
	{"raw_id", SIM_ADJUST_RAW_ID}, {"copy_ednsdata_assume_clientsubnet", SIM_ADJUST_OPTIONS},
	{"increment_ecs_scope", SIM_ADJUST_OPTIONS}, {NULL, 0}};

static uint32_t bits_of(const struct word *words, const char *text)
{
	for (; words->text; words++)
		if (strcasecmp(words->text, text) == 0)
			return words->bits;
	return 0;
}

static bool read_match(struct sim_lines *lines, struct sim_entry *entry, char *rest)
{
	for (char *word; (word = sim_lines_word(&rest));) {
		uint32_t bits = bits_of(match_words, word);

		if (!bits && strncasecmp(word, "ede", 3) == 0) {
			const char *value = word + 3 + (word[3] == '=');
			char *end;

			entry->ede = strcasecmp(value, "any") == 0 ? SIM_EDE_ANY : (int)strtoul(value, &end, 10);
			if (entry->ede != SIM_EDE_ANY && (end == value || *end || entry->ede > 65535))
				return sim_lines_fault(lines, "MATCH %s: expected ede and a number", word);
			bits = SIM_MATCH_EDE;
		}
		if (!bits && strncasecmp(word, "serial=", 7) == 0) {
			char *end;

			entry->serial = (uint32_t)strtoul(word + 7, &end, 10);
			if (end == word + 7 || *end)
				return sim_lines_fault(lines, "MATCH %s: expected a number", word);
			bits = SIM_MATCH_SERIAL;
		}
		if (!bits)
			return sim_lines_fault(lines, "MATCH %s is not supported", word);
		entry->match |= bits;
	}
	return true;
}

static bool read_adjust(struct sim_lines *lines, struct sim_entry *entry, char *rest)
{
	for (char *word; (word = sim_lines_word(&rest));) {
		uint32_t bits = bits_of(adjust_words, word);
		const char *seconds = strncmp(word, "sleep=", 6) == 0 ? word + 6
				      : strncmp(word, "packet_sleep=", 13) == 0 ? word + 13 : NULL;
		char *end;

		if (seconds) {
			entry->sleep_s = (unsigned)strtoul(seconds, &end, 10);
			if (end == seconds || *end || entry->sleep_s > 100000)
				return sim_lines_fault(lines, "ADJUST %s: expected a number of seconds", word);
		} else if (!bits) {
			return sim_lines_fault(lines, "ADJUST %s is not supported", word);
		}
		entry->adjust |= bits;
	}
	return true;
}

/* Opcode, rcode and flags, in any order. */
static bool read_header(struct sim_lines *lines, struct sim_entry *entry, char *rest)
{
	static const struct {
		const char *word;
		void (*set)(ldns_pkt *packet, bool value);
	} flags[] = {{"QR", ldns_pkt_set_qr}, {"AA", ldns_pkt_set_aa}, {"TC", ldns_pkt_set_tc},
		     {"RD", ldns_pkt_set_rd}, {"RA", ldns_pkt_set_ra}, {"AD", ldns_pkt_set_ad},
		     {"CD", ldns_pkt_set_cd}, {"DO", ldns_pkt_set_edns_do}};
	static const struct word rcodes[] = {
		{"NOERROR", 0}, {"FORMERR", 1}, {"SERVFAIL", 2}, {"NXDOMAIN", 3}, {"NOTIMPL", 4}, {"NOTIMP", 4},
		{"REFUSED", 5}, {"YXDOMAIN", 6}, {"YXRRSET", 7}, {"NXRRSET", 8}, {"NOTAUTH", 9}, {"NOTZONE", 10},
		{"DSOTYPENI", 11}, {"BADVERS", 16}, {"BADSIG", 16}, {"BADKEY", 17}, {"BADTIME", 18}, {"BADMODE", 19},
		{"BADNAME", 20}, {"BADALG", 21}, {"BADTRUNC", 22}, {"BADCOOKIE", 23}};
	static const struct word opcodes[] = {{"QUERY", 0}, {"IQUERY", 1}, {"STATUS", 2}, {"NOTIFY", 4}, {"UPDATE", 5}};

	for (char *word; (word = sim_lines_word(&rest));) {
		bool known = false;

		for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			if (strcasecmp(flags[i].word, word) == 0) {
				flags[i].set(entry->packet, true);
				known = true;
			}
		for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++)
			if (strcasecmp(rcodes[i].text, word) == 0) {
				ldns_pkt_set_rcode(entry->packet, rcodes[i].bits & 15);
				ldns_pkt_set_edns_extended_rcode(entry->packet, (uint8_t)(rcodes[i].bits >> 4));
				known = true;
			}
		for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++)
			if (strcasecmp(opcodes[i].text, word) == 0) {
				ldns_pkt_set_opcode(entry->packet, (ldns_pkt_opcode)opcodes[i].bits);
				known = true;
			}
		if (!known)
			return sim_lines_fault(lines, "REPLY %s is not a flag, rcode or opcode", word);
	}
	return true;
}

/* Appends the octets of hex text; space is nothing. */
static bool add_hex(const char *text, uint8_t **bytes, size_t *length)
{
	int high = -1;

	for (; *text; text++) {
		if (isspace((unsigned char)*text))
			continue;
		if (!isxdigit((unsigned char)*text))
			return false;
		int value = ldns_hexdigit_to_int(*text);
		if (high < 0) {
			high = value;
			continue;
		}
		*bytes = realloc(*bytes, *length + 1);
		(*bytes)[(*length)++] = (uint8_t)(high << 4 | value);
		high = -1;
	}
	return high < 0;
}

/* ---- RRs ---- */

/* What lines without an owner, a TTL or a final dot mean. */
struct defaults {
	uint32_t ttl;
	ldns_rdf *origin, *previous;
};

/* "$ORIGIN name", "$TTL seconds" (RFC 1035 §5.1, RFC 2308 §4) */
static bool read_directive(struct sim_lines *lines, struct defaults *defaults)
{
	char *rest = lines->text;
	const char *word = sim_lines_word(&rest), *value = sim_lines_word(&rest), *end;

	if (value && strcmp(word, "$TTL") == 0) {
		defaults->ttl = ldns_str2period(value, &end);
		return !*end || sim_lines_fault(lines, "$TTL: not a number of seconds: '%s'", value);
	}
	if (value && strcmp(word, "$ORIGIN") == 0) {
		ldns_rdf_deep_free(defaults->origin);
		defaults->origin = ldns_dname_new_frm_str(value);
		return defaults->origin || sim_lines_fault(lines, "$ORIGIN: not a name: '%s'", value);
	}
	return sim_lines_fault(lines, "'%s' is not supported", word);
}

static bool read_question(struct sim_lines *lines, struct sim_entry *entry)
{
	char *rest = lines->text, *owner = sim_lines_word(&rest);
	ldns_rr_class class = LDNS_RR_CLASS_IN;
	ldns_rr_type type = 0;
	ldns_rdf *name = ldns_dname_new_frm_str(owner);

	for (char *word; (word = sim_lines_word(&rest));) {
		if (strcmp(word, "IN") == 0 || strcmp(word, "CH") == 0 || strcmp(word, "HS") == 0 ||
		    (strcmp(word, "ANY") == 0 && *rest) || strncmp(word, "CLASS", 5) == 0)
			class = ldns_get_rr_class_by_name(word);
		else if (!isdigit((unsigned char)*word)) /* a TTL means nothing here */
			type = ldns_get_rr_type_by_name(word);
	}
	if (!name || !type) {
		ldns_rdf_deep_free(name);
		return sim_lines_fault(lines, "not a question: name, class, type");
	}
	ldns_rr *question = ldns_rr_new();
	ldns_rr_set_question(question, true);
	ldns_rr_set_owner(question, name);
	ldns_rr_set_class(question, class);
	ldns_rr_set_type(question, type);
	ldns_pkt_push_rr(entry->packet, LDNS_SECTION_QUESTION, question);
	return true;
}

/* "owner [ttl] [class] type \# length hex" whatever ldns thinks of the type. */
static ldns_rr *read_unknown(const char *text)
{
	char *copy = strdup(text), *mark = strstr(copy, "\\#"), *head = copy, *tail = NULL, *word;
	ldns_rr *rr = NULL;

	if (mark) {
		uint8_t *bytes = NULL;
		size_t length = 0;

		*mark = '\0';
		tail = mark + 2;
		word = sim_lines_word(&tail);
		unsigned long announced = word ? strtoul(word, NULL, 10) : 0;
		bool good = word && add_hex(tail, &bytes, &length) && length == announced && length <= 65535;
		ldns_rdf *owner = ldns_dname_new_frm_str((word = sim_lines_word(&head)) ? word : "");
		uint32_t ttl = SIM_DEFAULT_TTL;
		ldns_rr_class class = LDNS_RR_CLASS_IN;
		ldns_rr_type type = 0;

		while ((word = sim_lines_word(&head))) {
			if (isdigit((unsigned char)*word))
				ttl = (uint32_t)strtoul(word, NULL, 10);
			else if (ldns_get_rr_class_by_name(word))
				class = ldns_get_rr_class_by_name(word);
			else
				type = ldns_get_rr_type_by_name(word);
		}
		if (good && owner && type) {
			rr = ldns_rr_new();
			ldns_rr_set_owner(rr, owner);
			ldns_rr_set_ttl(rr, ttl);
			ldns_rr_set_class(rr, class);
			ldns_rr_set_type(rr, type);
			ldns_rr_push_rdf(rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, length, bytes));
		} else {
			ldns_rdf_deep_free(owner);
		}
		free(bytes);
	}
	free(copy);
	return rr;
}

/* More opening than closing parentheses outside quotes. */
static bool is_open(const char *text)
{
	int depth = 0;
	bool quoted = false;

	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (!quoted)
			depth += (*text == '(') - (*text == ')');
	}
	return depth > 0;
}

static bool read_rr(struct sim_lines *lines, struct sim_entry *entry, ldns_pkt_section section, struct defaults *defaults)
{
	ldns_rr *rr = NULL;

	while (is_open(lines->text))
		if (!sim_lines_join(lines))
			return sim_lines_fault(lines, "a parenthesis is not closed");
	ldns_status status =
		ldns_rr_new_frm_str(&rr, lines->text, defaults->ttl, defaults->origin, &defaults->previous);
	if (status != LDNS_STATUS_OK)
		rr = read_unknown(lines->text);
	if (!rr)
		return sim_lines_fault(lines, "not an RR (%s): %.100s", ldns_get_errorstr_by_id(status), lines->text);
	ldns_pkt_push_rr(entry->packet, section, rr);
	return true;
}

/* ---- the whole ---- */

/* What the lines that are no keyword mean. */
enum mode { MODE_NONE, MODE_QUESTION, MODE_ANSWER, MODE_AUTHORITY, MODE_ADDITIONAL, MODE_RAW, MODE_EDNS };

struct reading {
	struct sim_lines *lines;
	struct sim_entry *entry;
	enum mode mode;
	struct defaults defaults;
	uint8_t *options; /* of EDNS, in wire form */
	size_t options_length;
};

static bool read_data(struct reading *reading)
{
	static const ldns_pkt_section sections[] = {[MODE_ANSWER] = LDNS_SECTION_ANSWER,
						    [MODE_AUTHORITY] = LDNS_SECTION_AUTHORITY,
						    [MODE_ADDITIONAL] = LDNS_SECTION_ADDITIONAL};
	struct sim_lines *lines = reading->lines;
	struct sim_entry *entry = reading->entry;

	switch (reading->mode) {
	case MODE_NONE:
		return sim_lines_fault(lines, "'%.40s' within an entry", lines->text);
	case MODE_QUESTION:
		return read_question(lines, entry);
	case MODE_RAW:
		return add_hex(lines->text, &entry->raw, &entry->raw_length) || sim_lines_fault(lines, "not hex");
	case MODE_EDNS:
		return add_hex(lines->text, &reading->options, &reading->options_length) ||
		       sim_lines_fault(lines, "not hex");
	default:
		if (lines->text[0] == '$')
			return read_directive(lines, &reading->defaults);
		return read_rr(lines, entry, sections[reading->mode], &reading->defaults);
	}
}

static bool begin_section(struct reading *reading, char *rest)
{
	static const char *const names[] = {[MODE_QUESTION] = "QUESTION", [MODE_ANSWER] = "ANSWER",
					    [MODE_AUTHORITY] = "AUTHORITY", [MODE_ADDITIONAL] = "ADDITIONAL"};
	const char *name = sim_lines_word(&rest);

	for (enum mode each = MODE_QUESTION; each <= MODE_ADDITIONAL; each++)
		if (name && strcmp(names[each], name) == 0) {
			reading->mode = each;
			return true;
		}
	return sim_lines_fault(reading->lines, "no such section: '%s'", name ? name : "");
}

/* A message's end: its own, or the next one's beginning. */
static void put_options(struct reading *reading)
{
	if (reading->options_length)
		ldns_pkt_set_edns_data(reading->entry->packet,
				       ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, reading->options_length,
							     reading->options));
	free(reading->options);
	reading->options = NULL;
	reading->options_length = 0;
}

static void begin_message(struct sim_entry *entry, int line)
{
	*entry = (struct sim_entry){.line = line, .packet = ldns_pkt_new()};
	ldns_pkt_set_edns_udp_size(entry->packet, EDNS_SIZE);
}

/* Adjustments of a further message are the first one's. */
static void begin_extra(struct reading *reading)
{
	struct sim_entry *extra = malloc(sizeof(*extra));

	put_options(reading);
	begin_message(extra, reading->lines->number);
	extra->adjust = reading->entry->adjust;
	reading->entry->extra = extra;
	reading->entry = extra;
	reading->mode = MODE_NONE;
}

/* False on a fault; *ended when the entry is over. */
static bool read_line(struct reading *reading, bool *ended)
{
	struct sim_lines *lines = reading->lines;
	struct sim_entry *entry = reading->entry;
	char *rest;

	if (sim_lines_begins(lines, "ENTRY_END", NULL))
		return *ended = true;
	if (sim_lines_begins(lines, "MATCH", &rest))
		return read_match(lines, entry, rest);
	if (sim_lines_begins(lines, "ADJUST", &rest))
		return read_adjust(lines, entry, rest);
	if (sim_lines_begins(lines, "REPLY", &rest) || sim_lines_begins(lines, "FLAGS", &rest))
		return read_header(lines, entry, rest);
	if (sim_lines_begins(lines, "SECTION", &rest))
		return begin_section(reading, rest);
	if (sim_lines_begins(lines, "MANDATORY", NULL)) {
		entry->mandatory = true;
	} else if (sim_lines_begins(lines, "EXTRA_PACKET", NULL)) {
		begin_extra(reading);
	} else if (sim_lines_begins(lines, "RAW", NULL) || sim_lines_begins(lines, "HEX_ANSWER_BEGIN", NULL)) {
		entry->raw = entry->raw ? entry->raw : malloc(1); /* also when no octet follows */
		reading->mode = MODE_RAW;
	} else if (sim_lines_begins(lines, "HEX_EDNSDATA_BEGIN", NULL)) {
		reading->mode = MODE_EDNS;
	} else if (sim_lines_begins(lines, "HEX_ANSWER_END", NULL) ||
		   sim_lines_begins(lines, "HEX_EDNSDATA_END", NULL)) {
		reading->mode = MODE_NONE;
	} else {
		return read_data(reading);
	}
	return true;
}

bool sim_entry_read(struct sim_lines *lines, struct sim_entry *entry)
{
	struct reading reading = {.lines = lines, .entry = entry, .defaults = {.ttl = SIM_DEFAULT_TTL}};
	bool good = true, ended = false;

	begin_message(entry, lines->number);
	while (good && !ended && sim_lines_next(lines))
		good = read_line(&reading, &ended);
	put_options(&reading);
	ldns_rdf_deep_free(reading.defaults.origin);
	ldns_rdf_deep_free(reading.defaults.previous);
	return good && (ended || sim_lines_fault(lines, "no ENTRY_END for the entry of line %d", entry->line));
}

void sim_entry_end(struct sim_entry *entry)
{
	ldns_pkt_free(entry->packet);
	free(entry->raw);
	if (entry->extra)
		sim_entry_end(entry->extra);
	free(entry->extra);
}
