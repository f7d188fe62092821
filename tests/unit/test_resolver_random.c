// SPDX-License-Identifier: BSD-3-Clause
/* Made-up worlds of zones, servers and faults, played with chance from a seed. Whatever happens:
 *   - each question gets one answer, in time;
 *   - nothing in an answer differs from what the zones hold, and nobody asks the address that all forged records lead to;
 *   - work stays within its bounds, and afterwards nothing is open, waiting or counted;
 *   - where all servers are well and memory is there, no question fails that there is a way to.
 * The seeds played are few, so that this stays short; HF_RANDOM_SEEDS=FIRST-LAST plays others, HF_RANDOM_TRACE=1 tells the story.
 */
#include <stdbool.h>
#include <stddef.h>

static bool armed; /* allocations may fail now */

#define IN_RESOLVER(call)      \
	do {                   \
		armed = true;  \
		call;          \
		armed = false; \
	} while (0)
#include "resolver_world.h"
#include "resolver/state.h"

#define EVIL "6.6.6.6"

enum {
	ZONES = 23, /* the root, 3 below it, 9 below these, 10 below those */
	NS_MAX = 3,
	QUESTIONS = 120,
	PENDING_MAX = 1024,
	LINES_MAX = 24,
	DEADLINE_MS = 6000,
};

struct zone {
	char name[64]; /* with dot; the root's is "" here */
	int parent;
	unsigned ns_count;
	struct {
		unsigned zone, number; /* ns<number>.<zone>, whose address is 20.<zone>.0.<number + 1> */
	} ns[NS_MAX];
};

struct pending {
	bool used, fails; /* the transport does */
	uint64_t due_ns;
	struct world_send send;
	uint8_t bytes[4096];
	size_t length;
};

struct asked {
	bool open;
	uint64_t deadline_ns;
	char name[300];
	uint16_t type;
	struct hf_query query;
};

struct play {
	struct world *w;
	uint64_t chance;
	unsigned faults; /* in a hundred replies */
	bool tangled;    /* zones have servers in each other, in circles too */
	struct zone zones[ZONES];
	bool reachable[ZONES];
	struct pending pending[PENDING_MAX];
	struct asked asked[QUESTIONS + 1];
	unsigned asks, answers, servfails, sends, prefetches;
	char lines[LINES_MAX][400];
	unsigned line_count;
};

/* ---- memory that is not always there ---- */

static bool scarce;
static uint64_t scarce_chance;

static bool fails(void)
{
	if (!armed || !scarce)
		return false;
	scarce_chance = scarce_chance * 6364136223846793005u + 1442695040888963407u;
	return (scarce_chance >> 33) % 30 == 0;
}

#include "scarce_memory.h"

static unsigned below_n(struct play *p, unsigned n)
{
	p->chance = p->chance * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((p->chance >> 33) % n);
}

static uint32_t mix(const char *text, uint32_t salt)
{
	uint32_t hash = 2166136261u ^ salt;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash ^ hash >> 15;
}

/* ---- what the zones hold ---- */

static void make_zones(struct play *p)
{
	for (unsigned i = 0; i < ZONES; i++) {
		struct zone *zone = &p->zones[i];

		zone->parent = i == 0 ? -1 : i < 4 ? 0 : i < 13 ? 1 + (int)(i - 4) % 3 : 4 + (int)(i - 13) % 9;
		if (i)
			snprintf(zone->name, sizeof(zone->name), "%c%u.%.50s", i < 4 ? 't' : i < 13 ? 's' : 'u', i,
				 p->zones[zone->parent].name);
		zone->ns_count = i ? 1 + below_n(p, NS_MAX) : 1;
		for (unsigned k = 0; k < zone->ns_count; k++) {
			zone->ns[k].zone = i > 3 && p->tangled && below_n(p, 3) == 0 ? 1 + below_n(p, ZONES - 1) : i;
			zone->ns[k].number = k;
		}
	}
}

static bool ends_with(const char *name, const char *zone)
{
	size_t length = strlen(name), tail = strlen(zone);

	return length >= tail && strcmp(name + length - tail, zone) == 0 &&
	       (length == tail || !tail || name[length - tail - 1] == '.');
}

static unsigned zone_of(const struct play *p, const char *name)
{
	unsigned best = 0;

	for (unsigned i = 1; i < ZONES; i++)
		if (ends_with(name, p->zones[i].name) && strlen(p->zones[i].name) > strlen(p->zones[best].name))
			best = i;
	return best;
}

/* The label just below the apex of the name's zone says what it is; NULL at the apex. */
static const char *kind_of(const struct play *p, const char *name, char label[64])
{
	const char *zone = p->zones[zone_of(p, name)].name;
	size_t length = strlen(name) - strlen(zone);
	const char *at = name + length;

	if (!length)
		return NULL;
	for (at--; at > name && at[-1] != '.';)
		at--;
	snprintf(label, 64, "%.*s", (int)(name + length - at - 1), at);
	return at;
}

static unsigned ttl_for(const char *name)
{
	static const unsigned ttls[] = {0, 1, 5, 30, 300, 3600, 200000};

	return ttls[mix(name, 3) % 7];
}

/* Some name of some zone. */
static void name_by(const struct play *p, uint32_t number, char *out, size_t size)
{
	static const char *const labels[] = {"a", "a", "a", "c", "c", "nx", "e", "deep.a", "x.d", "y.nx", "w.z.e"};

	const struct zone zone = p->zones[1 + number / 64 % (ZONES - 1)];

	snprintf(out, size, "%s%u.%.60s", labels[number % 11], number / 11 % 3, zone.name);
}

enum truth { T_A, T_CNAME, T_DNAME, T_NODATA, T_NXDOMAIN, T_NS };

/* What is at `name`; `data` gets the address or target, `owner` the DNAME's owner. */
static enum truth look(const struct play *p, const char *name, uint16_t type, char data[300], const char **owner)
{
	char label[64];
	const char *at = kind_of(p, name, label);
	unsigned zone = zone_of(p, name), number;

	if (!at)
		return type == HF_TYPE_NS ? T_NS : T_NODATA;
	if (sscanf(label, "ns%u", &number) == 1) {
		snprintf(data, 300, "20.%u.0.%u", zone, number + 1);
		return at != name ? T_NXDOMAIN : type == HF_TYPE_A ? T_A : T_NODATA;
	}
	switch (label[0]) {
	case 'a':
		snprintf(data, 300, "203.%u.%u.1", zone, mix(name, 1) % 200);
		/* deep.aN is, and nothing else below aN. */
		if (at != name && strncmp(name, "deep.", 5) != 0)
			return T_NXDOMAIN;
		return type == HF_TYPE_A ? T_A : T_NODATA;
	case 'c':
		if (at != name)
			return T_NXDOMAIN;
		name_by(p, mix(name, 2), data, 300);
		return T_CNAME;
	case 'd':
		if (at == name)
			return T_NODATA;
		*owner = at;
		snprintf(data, 300, "%.60s", p->zones[1 + mix(at, 4) % (ZONES - 1)].name);
		return T_DNAME;
	case 'e':
		return strncmp(name, "w.z.", 4) == 0 || strncmp(name, "z.", 2) == 0 || at == name ? T_NODATA : T_NXDOMAIN;
	default:
		return T_NXDOMAIN;
	}
}

/* Where a question ends: A with its address, NODATA or NXDOMAIN; steps over 11 do not count, and T_CNAME says so. */
static enum truth solve(const struct play *p, const char *from, uint16_t type, char end[300], bool *reachable)
{
	char name[300], data[300];
	const char *owner = NULL;

	snprintf(name, sizeof(name), "%s", from);
	*reachable = true;
	for (unsigned steps = 0; steps < 11; steps++) {
		enum truth truth = look(p, name, type, data, &owner);
		char next[600];

		*reachable &= p->reachable[zone_of(p, name)];
		snprintf(end, 300, "%s", name);
		if (truth != T_CNAME && truth != T_DNAME)
			return truth;
		if (truth == T_CNAME)
			snprintf(next, sizeof(next), "%s", data);
		else
			snprintf(next, sizeof(next), "%.*s%s", (int)(owner - name), name, data);
		snprintf(name, sizeof(name), "%.299s", next);
	}
	return T_CNAME;
}

/* ---- the servers ---- */

__attribute__((format(printf, 2, 3))) static void say(struct play *p, const char *format, ...)
{
	va_list arguments;

	assert_true(p->line_count < LINES_MAX);
	va_start(arguments, format);
	vsnprintf(p->lines[p->line_count++], sizeof(p->lines[0]), format, arguments);
	va_end(arguments);
}

static const char *dotted(const char *name)
{
	return name[0] ? name : ".";
}

static bool serves(const struct play *p, unsigned server_zone, unsigned number, unsigned zone)
{
	for (unsigned k = 0; k < p->zones[zone].ns_count; k++)
		if (p->zones[zone].ns[k].zone == server_zone && p->zones[zone].ns[k].number == number)
			return true;
	return false;
}

/* Whether the parent's servers give the address of the zone's server k along. */
static bool has_glue(const struct play *p, unsigned zone, unsigned k)
{
	const char *of = p->zones[p->zones[zone].ns[k].zone].name;

	/* What is in the delegated zone, and sometimes what is beside it. */
	return ends_with(of, p->zones[zone].name) ||
	       (ends_with(of, p->zones[p->zones[zone].parent].name) && mix(p->zones[zone].name, 5) % 2);
}

/* Which zones can be got at: some circles have no way in. */
static void find_reachable(struct play *p)
{
	bool more = true;

	p->reachable[0] = true;
	while (more) {
		more = false;
		for (unsigned i = 1; i < ZONES; i++) {
			bool way = false;

			for (unsigned k = 0; k < p->zones[i].ns_count; k++)
				way |= has_glue(p, i, k) || p->reachable[p->zones[i].ns[k].zone];
			if (!p->reachable[i] && way && p->reachable[p->zones[i].parent])
				more = p->reachable[i] = true;
		}
	}
}

static void say_ns(struct play *p, const char *section, unsigned zone)
{
	const struct zone *z = &p->zones[zone];

	for (unsigned k = 0; k < z->ns_count; k++)
		say(p, "%s %s %u NS ns%u.%s", section, dotted(z->name), 3600 + zone, z->ns[k].number,
		    p->zones[z->ns[k].zone].name);
}

/* Records of a tree that the server has nothing to do with, all leading to one address. */
static void say_lies(struct play *p, unsigned server_zone, unsigned number, const char *qname)
{
	unsigned victim = 0, cut = zone_of(p, qname);
	const char *owner;
	char target[300];

	cut = serves(p, server_zone, number, cut) ? 0 : cut;
	for (unsigned top = 1; top < 4; top++) {
		bool innocent = true;

		for (unsigned z = 0; z < ZONES; z++)
			innocent &= !(serves(p, server_zone, number, z) && (z == 0 || ends_with(p->zones[z].name, p->zones[top].name)));
		victim = innocent ? top : victim;
	}
	if (!victim || ends_with(qname, p->zones[victim].name))
		return;
	switch (below_n(p, 6)) {
	case 0: /* an address where the liar's alias leads to, if that is the victim's */
		if (look(p, qname, HF_TYPE_A, target, &owner) == T_CNAME && ends_with(target, p->zones[victim].name))
			say(p, "an %s 3600 A " EVIL, target);
		else
			say(p, "an a1.%s 3600 A " EVIL, p->zones[victim].name);
		break;
	case 1: /* the victim's zone for a name of the liar's own, which leads to an address nobody may ask */
		say(p, "ns %s 90000 NS a0.%s", p->zones[victim].name, p->zones[server_zone].name);
		say(p, "ar a0.%s 90000 A " EVIL, p->zones[server_zone].name);
		break;
	case 2:
		say(p, "ns . 90000 NS a0.%s", p->zones[server_zone].name);
		break;
	case 3:
		say(p, "ns %s 3600 SOA 3600", p->zones[victim].name);
		say(p, "ar ns0.%s 90000 A " EVIL, p->zones[victim].name);
		break;
	case 4: /* one server more for a zone of the liar's own, with the victim's name and a false address */
		if (cut) {
			say(p, "ns %s 3600 NS ns0.%s", p->zones[cut].name, p->zones[victim].name);
			say(p, "ar ns0.%s 90000 A " EVIL, p->zones[victim].name);
		}
		break;
	default:
		say(p, "an %s 3600 DNAME %s", p->zones[victim].name, "evil.");
		break;
	}
}

/* Fills in the lines. Returns the rcode; *authoritative: AA. */
static unsigned speak(struct play *p, unsigned server_zone, unsigned number, const char *qname, uint16_t qtype, bool *authoritative)
{
	unsigned zone = zone_of(p, qname), cut = 0;
	char name[300], data[300];
	const char *owner = NULL;

	*authoritative = false;
	/* DS is asked at the parent. */
	if (qtype == HF_TYPE_DS && zone && strcmp(p->zones[zone].name, qname) == 0)
		zone = (unsigned)p->zones[zone].parent;
	/* The deepest zone above that is served here, and the cut below it on the way. */
	while (!serves(p, server_zone, number, zone)) {
		if (!zone)
			return HF_RCODE_REFUSED;
		cut = zone;
		zone = (unsigned)p->zones[zone].parent;
	}
	if (cut) {
		say_ns(p, "ns", cut);
		for (unsigned k = 0; k < p->zones[cut].ns_count; k++) {
			unsigned of = p->zones[cut].ns[k].zone, n = p->zones[cut].ns[k].number;

			if (has_glue(p, cut, k))
				say(p, "ar ns%u.%s 3600 A 20.%u.0.%u", n, p->zones[of].name, of, n + 1);
		}
		return HF_RCODE_NOERROR;
	}
	*authoritative = true;
	snprintf(name, sizeof(name), "%s", qname);
	for (unsigned steps = 0; steps < 4; steps++) {
		enum truth truth = look(p, name, qtype, data, &owner);

		switch (truth) {
		case T_A:
			say(p, "an %s %u A %s", name, ttl_for(name), data);
			return HF_RCODE_NOERROR;
		case T_NS:
			say_ns(p, "an", zone);
			return HF_RCODE_NOERROR;
		case T_NODATA:
		case T_NXDOMAIN:
			say(p, "ns %s 600 SOA %u", dotted(p->zones[zone].name), ttl_for(name) % 1000);
			return truth == T_NODATA ? HF_RCODE_NOERROR : HF_RCODE_NXDOMAIN;
		case T_CNAME:
			say(p, "an %s %u CNAME %s", name, ttl_for(name), data);
			if (qtype == HF_TYPE_CNAME)
				return HF_RCODE_NOERROR;
			break;
		case T_DNAME:
			say(p, "an %s %u DNAME %s", owner, ttl_for(owner), data);
			memmove(data + (owner - name), data, strlen(data) + 1);
			memcpy(data, name, (size_t)(owner - name));
			break;
		}
		snprintf(name, sizeof(name), "%s", data);
		if (zone_of(p, name) != zone) /* it says no more than it knows */
			return HF_RCODE_NOERROR;
	}
	return HF_RCODE_NOERROR;
}

/* What the server that `send` goes to does about it. */
static void react(struct play *p, const struct world_send *send)
{
	struct pending *pending = NULL;
	uint8_t qname[HF_NAME_MAX];
	char name[HF_NAME_TEXT_MAX];
	const char *lines[LINES_MAX + 1];
	size_t offset = 12;
	uint16_t qtype;
	unsigned rcode, fault = below_n(p, 100) < p->faults ? 1 + below_n(p, 14) : 0;
	unsigned server_zone = send->server.bytes[1], number = send->server.bytes[3] - 1u;
	bool authoritative;

	assert_int_equal(send->server.family, 4);
	if (send->server.bytes[0] == 198) /* the root */
		server_zone = number = 0;
	else
		assert_int_equal(send->server.bytes[0], 20); /* else somebody was believed too much */
	for (unsigned i = 0; i < PENDING_MAX && !pending; i++)
		pending = p->pending[i].used ? NULL : &p->pending[i];
	assert_non_null(pending);
	p->sends++;
	*pending = (struct pending){.used = true, .send = *send, .due_ns = p->w->now.mono_ns + (1 + below_n(p, 40)) * MS};
	assert_int_not_equal(hf_name_parse(send->message, send->length, &offset, qname), 0);
	qtype = (uint16_t)(send->message[offset] << 8 | send->message[offset + 1]);
	hf_name_lower(qname, qname);
	hf_name_to_text(qname, name);
	if (strcmp(name, ".") == 0)
		name[0] = 0;
	p->line_count = 0;
	if (fault == 7 || fault == 8)
		say_lies(p, server_zone, number, name);
	rcode = speak(p, server_zone, number, name, qtype, &authoritative);
	switch (fault) {
	case 1:
		pending->due_ns = UINT64_MAX; /* silent */
		break;
	case 2:
		pending->due_ns += below_n(p, 4000) * MS;
		break;
	case 3:
		p->line_count = 0;
		rcode = 1 + below_n(p, 10) % 6;
		rcode = rcode == HF_RCODE_NXDOMAIN ? HF_RCODE_REFUSED : rcode;
		break;
	case 4:
		authoritative = false;
		break;
	case 5:
		pending->fails = true;
		break;
	case 6: /* to the root */
		p->line_count = 0;
		authoritative = false;
		rcode = 0;
		say(p, "ns . 3600 NS ns0.");
		break;
	case 8:
	case 9:
		say_lies(p, server_zone, number, name);
		break;
	}
	for (unsigned i = 0; i < p->line_count; i++)
		lines[i] = p->lines[i];
	lines[p->line_count] = NULL;
	pending->length = build_reply(p->w, send, authoritative ? HF_FLAG_AA : 0, rcode, lines, pending->bytes, sizeof(pending->bytes));
	if (fault == 10 && !send->tcp)
		pending->bytes[2] |= HF_FLAG_TC >> 8;
	else if (fault == 11 && p->line_count)
		pending->length -= 1 + below_n(p, 4);
	else if (fault == 12)
		pending->bytes[below_n(p, 2)] ^= 0x41;
	else if (fault == 13) {
		pending->length = 12;
		memset(pending->bytes + 4, 0, 8);
		pending->bytes[3] = HF_RCODE_SERVFAIL;
	} else if (fault == 14) {
		memset(pending->bytes + 12, 'Q', 3); /* another question */
	}
}

/* ---- the clients ---- */

static void check(struct play *p, const struct asked *asked, const struct hf_answer_record *record)
{
	const struct hf_reply_options options = {1232, 4096};
	uint8_t bytes[8192];
	struct hf_message message;
	size_t length = hf_reply_write(record, &asked->query, NULL, 0, true, &options, p->w->now, bytes, sizeof(bytes));
	char end[300], text[HF_NAME_TEXT_MAX], data[300];
	bool has_end = false, reachable;
	enum truth truth = solve(p, asked->name, asked->type, end, &reachable);

	assert_int_not_equal(length, 0);
	assert_true(hf_message_parse(bytes, length, p->w->arena, &message, NULL));
	if (message.rcode == HF_RCODE_SERVFAIL) {
		p->servfails++;
		if (!p->faults && !scarce && truth != T_CNAME && reachable)
			fail_msg("%s %u failed though all is well", asked->name, asked->type);
		return;
	}
	for (unsigned i = 0; i < message.section_counts[HF_SECTION_ANSWER]; i++) {
		const struct hf_rrset *set = message.sections[HF_SECTION_ANSWER][i];
		const struct hf_rdata rdata = hf_rrset_first(set);
		const char *owner = NULL;
		char shown[64];

		hf_name_to_text(hf_rrset_owner(set), text);
		has_end |= strcmp(text, end) == 0 && set->type == asked->type;
		if (set->type != HF_TYPE_A)
			continue;
		assert_int_equal(look(p, text, HF_TYPE_A, data, &owner), T_A);
		inet_ntop(AF_INET, rdata.bytes, shown, sizeof(shown));
		assert_int_equal(set->count, 1);
		if (strcmp(shown, data) != 0)
			fail_msg("%s has %s, not %s", text, data, shown);
	}
	if (truth == T_CNAME)
		return;
	if (message.rcode != (truth == T_NXDOMAIN ? HF_RCODE_NXDOMAIN : HF_RCODE_NOERROR) ||
	    has_end != (truth == T_A || truth == T_NS))
		fail_msg("%s %u ends at %s in %d: rcode %u, %s the set", asked->name, asked->type, end, truth, message.rcode,
			 has_end ? "with" : "without");
}

static void drain(struct play *p)
{
	struct hf_action action;

	while ((action = hf_resolver_next_action(p->w->resolver)).kind != HF_ACTION_NONE) {
		if (action.kind == HF_ACTION_SEND) {
			struct world_send send = {.exchange = action.send.exchange, .server = action.send.server,
						  .tcp = action.send.tcp, .length = action.send.length};

			memcpy(send.message, action.send.message, send.length);
			react(p, &send);
		} else if (action.kind == HF_ACTION_CANCEL) {
			unsigned found = 0;

			for (unsigned i = 0; i < PENDING_MAX; i++)
				if (p->pending[i].used && p->pending[i].send.exchange == action.cancel.exchange) {
					p->pending[i].used = false;
					found++;
				}
			assert_int_equal(found, 1);
		} else {
			struct asked *asked = &p->asked[action.answer.client];

			assert_true(asked->open);
			asked->open = false;
			p->answers++;
			assert_true(p->w->now.mono_ns <= asked->deadline_ns);
			check(p, asked, action.answer.record);
		}
	}
	hf_arena_reset(p->w->arena);
	urcu_qsbr_quiescent_state();
}

static void make_query(struct asked *asked, uint16_t flags)
{
	static uint8_t packets[QUESTIONS + 1][600];
	static unsigned next;
	uint8_t *packet = packets[next++ % (QUESTIONS + 1)], name[HF_NAME_MAX + 1];
	size_t length;

	assert_int_not_equal(hf_name_from_text(asked->name, name), 0);
	length = hf_query_write(packet, 600, 7, flags, name, asked->type, HF_CLASS_IN, 1232, false);
	assert_int_equal(hf_query_parse(packet, length, &asked->query), HF_QUERY_OK);
}

static void ask(struct play *p)
{
	static const uint16_t types[] = {HF_TYPE_A, HF_TYPE_A, HF_TYPE_A, HF_TYPE_A, HF_TYPE_AAAA, HF_TYPE_NS, HF_TYPE_TXT};
	struct asked *asked = &p->asked[++p->asks];

	*asked = (struct asked){.open = true, .deadline_ns = p->w->now.mono_ns + DEADLINE_MS * MS, .type = types[below_n(p, 7)]};
	if (asked->type == HF_TYPE_NS)
		memcpy(asked->name, p->zones[1 + below_n(p, ZONES - 1)].name, sizeof(p->zones[0].name));
	else
		name_by(p, below_n(p, 3000), asked->name, sizeof(asked->name));
	make_query(asked, HF_FLAG_RD);
	IN_RESOLVER(hf_resolver_ask(p->w->resolver, p->asks, &asked->query, p->w->now));
}

static void disturb(struct play *p)
{
	struct world *w = p->w;
	const struct hf_rrset *hints[2];
	unsigned client;

	switch (below_n(p, 5)) {
	case 0:
		client = 1 + below_n(p, p->asks);
		if (p->asked[client].open) {
			p->asked[client].open = false;
			p->answers++;
			hf_resolver_forget(w->resolver, client);
		}
		break;
	case 1:
		p->prefetches++;
		client = 1 + below_n(p, p->asks);
		IN_RESOLVER(hf_resolver_prefetch(w->resolver, &p->asked[client].query, w->now));
		break;
	case 2:
		hints[0] = rr(w, ". 3600 NS a.root-servers.net.");
		hints[1] = rr(w, "a.root-servers.net. 3600 A 198.41.0.4");
		w->config.hints = hints;
		w->config.qname_minimisation = below_n(p, 2);
		w->config.fetches_per_zone = below_n(p, 2) && p->faults ? 4 : 1000;
		assert_true(hf_resolver_configure(w->resolver, &w->config));
		break;
	case 3:
		hf_cache_flush(w->cache, wire_name(w, dotted(p->zones[below_n(p, ZONES)].name)), true);
		break;
	default:
		/* The clock jumps only while nobody waits, or they would all be late. */
		if (p->answers == p->asks)
			w->now.mono_ns += below_n(p, 7200) * HF_NS_PER_SECOND;
		break;
	}
	drain(p);
}

/* The next reply or deadline. False when there is none. */
static bool go_on(struct play *p, uint64_t until_ns)
{
	struct world *w = p->w;
	struct pending *next = NULL;
	uint64_t due;

	for (unsigned i = 0; i < PENDING_MAX; i++)
		if (p->pending[i].used && (!next || p->pending[i].due_ns < next->due_ns))
			next = &p->pending[i];
	due = hf_resolver_next_deadline(w->resolver);
	if (next && next->due_ns < due)
		due = next->due_ns;
	else
		next = NULL;
	if (due == UINT64_MAX || due > until_ns)
		return false;
	if (due > w->now.mono_ns)
		w->now.mono_ns = due;
	if (next && next->fails) {
		next->used = false;
		IN_RESOLVER(hf_resolver_transport_failed(w->resolver, next->send.exchange, w->now));
	} else if (next) {
		next->due_ns = UINT64_MAX; /* said; the resolver may go on waiting for better */
		IN_RESOLVER(hf_resolver_reply(w->resolver, next->send.exchange, &next->send.server, next->bytes,
					      next->length, w->now));
	} else {
		IN_RESOLVER(hf_resolver_tick(w->resolver, w->now));
	}
	drain(p);
	return true;
}

static uint64_t settings_seed;

static void all_settings(struct hf_resolver_config *config)
{
	config->prime = settings_seed % 5 == 1;
	config->use_ipv6 = settings_seed % 7 == 3;
	config->minimal_answers = settings_seed % 9 != 4;
	config->negative_soa_newest = settings_seed % 11 == 5;
	config->qname_minimisation = true;
	config->server_order_randomization = true;
	config->max_clients = 256;
	config->query_deadline_ms = DEADLINE_MS;
}

static void check_end(struct play *p)
{
	struct hf_resolver *resolver = p->w->resolver;
	struct hf_resolver_stats stats;

	hf_resolver_stats(resolver, &stats);
	assert_int_equal(p->answers, p->asks);
	assert_int_equal(stats.clients_waiting + stats.fetches_running + stats.exchanges_open, 0);
	assert_null(resolver->all_questions);
	assert_null(resolver->ready_first);
	assert_int_equal(stats.upstream_udp + stats.upstream_tcp, p->sends);
	assert_true(p->sends <= (p->asks + stats.prefetches) * resolver->config.max_upstream_queries);
	for (unsigned i = 0; i < ZONES; i++) {
		uint8_t name[HF_NAME_MAX + 1];
		struct hf_zone *zone;

		hf_name_from_text(dotted(p->zones[i].name), name);
		zone = hf_zones_enter(resolver->zones, name);
		assert_int_equal(zone->fetches, 1);
		hf_zones_leave(resolver->zones, zone);
		for (unsigned k = 0; k < NS_MAX; k++) {
			struct hf_address address = {.family = 4, .port = 53, .bytes = {20, (uint8_t)i, 0, (uint8_t)(k + 1)}};

			assert_int_equal(hf_servers_get(resolver->servers, &address, p->w->now)->open, 0);
		}
	}
}

static void print_story(void *state, struct hf_now now, const char *text)
{
	(void)state;
	printf("%9.3f %s\n", (double)now.mono_ns / 1e9, text);
}

static void play_seed(uint64_t seed)
{
	struct play *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->chance = seed * 2654435761u + 1;
	p->faults = seed % 4 == 0 ? 0 : seed % 4 * 15;
	p->tangled = seed % 8 > 3;
	scarce_chance = p->chance;
	settings_seed = seed;
	p->w = world_new(all_settings);
	p->w->seed = seed;
	if (getenv("HF_RANDOM_TRACE"))
		hf_resolver_set_trace(p->w->resolver, print_story, NULL);
	make_zones(p);
	find_reachable(p);
	scarce = seed % 3 == 2;
	while (p->asks < QUESTIONS) {
		uint64_t until = p->w->now.mono_ns + below_n(p, 800) * MS;

		for (unsigned burst = 1 + below_n(p, 6); burst && p->asks < QUESTIONS; burst--) {
			ask(p);
			drain(p);
		}
		while (go_on(p, until))
			;
		if (until > p->w->now.mono_ns)
			p->w->now.mono_ns = until;
		if (below_n(p, 3) == 0)
			disturb(p);
		while (below_n(p, 10) == 0 && go_on(p, UINT64_MAX))
			;
	}
	while (go_on(p, UINT64_MAX))
		;
	scarce = false;
	check_end(p);
	if (getenv("HF_RANDOM_SEEDS"))
		printf("seed %llu: %u asked, %u failed, %u queries\n", (unsigned long long)seed, p->asks, p->servfails, p->sends);
	world_free(p->w);
	free(p);
}

static void whatever_happens_answers_are_true_and_nothing_is_left_over(void **state)
{
	const char *seeds = getenv("HF_RANDOM_SEEDS");
	unsigned long first = 0, last = 127;

	(void)state;
	if (seeds)
		assert_int_equal(sscanf(seeds, "%lu-%lu", &first, &last), 2);
	for (unsigned long seed = first; seed <= last; seed++) {
		fflush(stdout);
		play_seed(seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_happens_answers_are_true_and_nothing_is_left_over),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
