// SPDX-License-Identifier: BSD-3-Clause
/* What each method of the control socket does. */
#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cache/denials.h"
#include "control/rpc_protocol.h"
#include "io/housekeeping.h"
#include "io/notices.h"
#include "io/rpc.h"
#include "io/rr_text.h"

enum { HOT_NAMES_DEFAULT = 20, HOT_NAMES_MAX = 1000, LOOKUP_KEYS_MAX = 64 };

static json_t *fail(struct hf_rpc_call *call, const char *text)
{
	snprintf(call->error, sizeof(call->error), "%s", text);
	return NULL;
}

/* The parameter `name`, required, lower-cased. */
static bool take_name(struct hf_rpc_call *call, uint8_t name[HF_NAME_MAX])
{
	const char *text = json_string_value(json_object_get(call->params, "name"));

	if (text && hf_name_from_text(text, name)) {
		hf_name_lower(name, name);
		return true;
	}
	fail(call, text ? "'name' is no domain name" : "'name' is missing");
	return false;
}

/* The parameter `type`; `otherwise` when it is not there. */
static bool take_type(struct hf_rpc_call *call, uint16_t otherwise, uint16_t *type)
{
	const json_t *given = json_object_get(call->params, "type");

	*type = otherwise;
	if (!given || json_is_null(given) ||
	    (json_is_string(given) && hf_type_from_text(json_string_value(given), type)))
		return true;
	fail(call, "'type' is no RR type");
	return false;
}

static json_t *type_text(uint16_t type)
{
	char text[HF_TYPE_TEXT_MAX];

	return json_string(hf_type_to_text(type, text));
}

static json_t *class_text(uint16_t class)
{
	char text[16];

	switch (class) {
	case HF_CLASS_IN:
		return json_string("IN");
	case HF_CLASS_CH:
		return json_string("CH");
	case HF_CLASS_HS:
		return json_string("HS");
	}
	snprintf(text, sizeof(text), "CLASS%u", class);
	return json_string(text);
}

static json_t *name_text(const uint8_t *name)
{
	char text[HF_NAME_TEXT_MAX];

	return json_string(hf_name_to_text(name, text));
}

static uint32_t record_ttl(const struct hf_answer_record *record, struct hf_now now)
{
	return record->fresh_until_ns > now.mono_ns
		       ? (uint32_t)((record->fresh_until_ns - now.mono_ns) / HF_NS_PER_SECOND)
		       : 0;
}

/* ---- status, stats ---- */

static json_t *status(struct hf_rpc_call *call)
{
	const struct hf_parts *parts = call->parts;
	json_t *listen = json_array();

	for (size_t i = 0; i < parts->config->listen_count; i++) {
		char text[HF_ADDRESS_TEXT_MAX];

		json_array_append_new(listen, json_string(hf_address_to_text(&parts->config->listen[i], text)));
	}
	return json_pack("{s:s,s:i,s:I,s:s,s:s,s:o,s:i,s:b,s:b}", "version", HF_VERSION, "pid", (int)getpid(), "uptime_s",
			 (json_int_t)((call->now.mono_ns - parts->started.mono_ns) / HF_NS_PER_SECOND), "io",
			 parts->workers[0].backend->name, "upstream", parts->steer ? "steered" : "sockets", "listen", listen, "resolver_threads",
			 (int)parts->resolver_count, "fastpath", hf_kernel_tier_open(parts->kernel_tier), "ready",
			 (int)atomic_load_explicit(&parts->ready, memory_order_relaxed));
}

static void put(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *serve_stats(struct hf_serve *const *serves, unsigned count)
{
	json_t *object = json_object(), *drops = json_object();
	uint64_t sum;

#define SUM(field)                           \
	sum = 0;                             \
	for (unsigned i = 0; i < count; i++) \
		sum += hf_counter_read(&serves[i]->counters.field);
#define X(name, text) \
	SUM(name)     \
	put(object, #name, sum);
	HF_COUNTERS(X)
#undef X
#define X(name, text)              \
	SUM(drops[HF_DROP_##name]) \
	put(drops, #name, sum);
	HF_DROPS(X)
#undef X
#undef SUM
	json_object_set_new(object, "drops", drops);
	return object;
}

static json_t *resolver_stats(const struct hf_parts *parts)
{
	struct hf_resolver_stats sum = {0}, one;
	json_t *object = json_object();

	for (unsigned i = 0; i < parts->resolver_count; i++) {
		hf_resolver_thread_stats(parts->resolvers[i], &one);
#define X(name, text) sum.name += one.name;
		HF_RESOLVER_COUNTERS(X)
#undef X
		sum.clients_waiting += one.clients_waiting;
		sum.fetches_running += one.fetches_running;
		sum.exchanges_open += one.exchanges_open;
	}
#define X(name, text) put(object, #name, sum.name);
	HF_RESOLVER_COUNTERS(X)
#undef X
	put(object, "clients_waiting", sum.clients_waiting);
	put(object, "fetches_running", sum.fetches_running);
	put(object, "exchanges_open", sum.exchanges_open);
	return object;
}

static json_t *cache_stats(const struct hf_parts *parts)
{
	struct hf_cache_stats stats;
	json_t *object = json_object();

	hf_cache_stats(parts->cache, &stats);
#define PUT(field) put(object, #field, stats.field)
	PUT(bytes_limit), PUT(bytes_used), PUT(bytes_retired), PUT(facts), PUT(answers);
	PUT(fact_hits), PUT(fact_misses), PUT(fact_inserts), PUT(fact_evictions), PUT(fact_rejections);
	PUT(answer_inserts), PUT(answer_evictions), PUT(answer_rejections);
#undef PUT
	return object;
}

static json_t *hot_stats(const struct hf_parts *parts)
{
	struct hf_hot_stats stats;
	json_t *object = json_object();

	if (!hf_kernel_tier_stats(parts->kernel_tier, &stats))
		return object;
#define PUT(field) put(object, #field, stats.field)
	PUT(entries), PUT(capacity), PUT(published), PUT(replaced), PUT(evicted), PUT(expired), PUT(rejected);
#undef PUT
	return object;
}

static json_t *stats(struct hf_rpc_call *call)
{
	struct hf_parts *parts = call->parts;
	struct hf_serve *serves[HF_WORKERS_MAX];
	json_t *tcp;

	for (unsigned i = 0; i < parts->worker_count; i++)
		serves[i] = parts->workers[i].serve;
	tcp = serve_stats(&parts->tcp_serve, 1);
	put(tcp, "clients", hf_tcp_clients(parts->tcp));
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "workers", serve_stats(serves, parts->worker_count), "resolver",
			 resolver_stats(parts), "cache", cache_stats(parts), "hot", hot_stats(parts), "tcp", tcp);
}

/* ---- lookup, flush, hot ---- */

struct lookup {
	struct hf_rpc_call *call;
	uint8_t name[HF_NAME_MAX];
	uint16_t type; /* 0: all */
	json_t *facts, *answers;
	uint64_t keys[LOOKUP_KEYS_MAX][2]; /* of the answers listed so far */
	unsigned key_count;
};

static void lookup_fact(void *state, uint16_t type, uint16_t class, const struct hf_cache_entry *entry)
{
	static const char *const facts[] = {
		[HF_FACT_RRSET] = "rrset", [HF_FACT_NODATA] = "nodata", [HF_FACT_NXDOMAIN] = "nxdomain"};
	static const char *const ranks[] = {
		[HF_RANK_HINTS] = "hints",	   [HF_RANK_ADDITIONAL] = "additional",
		[HF_RANK_REFERRAL] = "referral",   [HF_RANK_ANSWER_NONAUTH] = "answer-nonauthoritative",
		[HF_RANK_AUTHORITY] = "authority", [HF_RANK_ANSWER_AUTH] = "answer",
	};
	struct lookup *lookup = state;
	bool other_type = lookup->type && entry->fact != HF_FACT_NXDOMAIN && type != lookup->type;

	/* A CNAME answers for every type. */
	if (other_type && !(entry->fact == HF_FACT_RRSET && type == HF_TYPE_CNAME))
		return;
	json_array_append_new(lookup->facts,
			      json_pack("{s:o,s:o,s:s,s:s,s:s,s:I,s:o}", "type",
					entry->fact == HF_FACT_NXDOMAIN ? json_null() : type_text(type), "class",
					class_text(class), "fact", facts[entry->fact], "rank", ranks[entry->rank],
					"security", hf_security_to_text(entry->security),
					"ttl", (json_int_t)hf_cache_entry_ttl(entry, lookup->call->now), "rrs",
					entry->rrset ? hf_rr_text(entry->rrset) : json_array()));
}

/* `workers`: whether the answer cache holds it; the kernel's table may outlive that. */
static void add_answer(struct lookup *lookup, uint16_t type, uint16_t class, uint8_t reply_class,
		       const struct hf_answer_record *record, bool kernel, bool workers)
{
	const struct hf_prefix *dns64 = hf_dns64_of_class(&lookup->call->parts->dns64, reply_class);
	char prefix[HF_PREFIX_TEXT_MAX];

	json_array_append_new(lookup->answers,
			      json_pack("{s:o,s:o,s:b,s:b,s:s*,s:s,s:I,s:b,s:b}", "type", type_text(type), "class",
					class_text(class), "do", (reply_class & HF_REPLY_DO) != 0, "cd",
					(reply_class & HF_REPLY_CD) != 0, "dns64",
					dns64 ? hf_prefix_to_text(dns64, prefix) : NULL, "rcode",
					hf_rcode_to_text(ntohs(record->flags) & HF_RCODE_MASK), "ttl",
					(json_int_t)record_ttl(record, lookup->call->now), "kernel", (int)kernel,
					"workers", (int)workers));
}

static void lookup_answer(void *state, uint16_t type, uint16_t class, uint8_t reply_class,
			  const struct hf_answer_record *record)
{
	struct lookup *lookup = state;

	if (lookup->type && type != lookup->type)
		return;
	if (lookup->key_count < LOOKUP_KEYS_MAX)
		memcpy(lookup->keys[lookup->key_count++], record->key, sizeof(record->key));
	add_answer(lookup, type, class, reply_class, record,
		   hf_kernel_tier_holds(lookup->call->parts->kernel_tier, record, lookup->call->now), true);
}

/* What the kernel alone holds: after a restart of this process, or when the cache evicted it first. */
static void lookup_kernel(void *state, uint16_t type, uint16_t class, uint8_t reply_class,
			  const struct hf_answer_record *record, uint64_t hits)
{
	struct lookup *lookup = state;

	(void)hits;
	if ((lookup->type && type != lookup->type) || !hf_name_equal(record->data, lookup->name))
		return;
	for (unsigned i = 0; i < lookup->key_count; i++)
		if (memcmp(lookup->keys[i], record->key, sizeof(record->key)) == 0)
			return;
	add_answer(lookup, type, class, reply_class, record, true, false);
}

static json_t *lookup(struct hf_rpc_call *call)
{
	struct lookup lookup = {.call = call};

	if (!take_name(call, lookup.name) || !take_type(call, 0, &lookup.type))
		return NULL;
	lookup.facts = json_array();
	lookup.answers = json_array();
	hf_cache_visit(call->parts->cache, lookup.name, lookup_fact, lookup_answer, &lookup);
	hf_kernel_tier_visit(call->parts->kernel_tier, call->now, lookup_kernel, &lookup);
	return json_pack("{s:o,s:o}", "facts", lookup.facts, "answers", lookup.answers);
}

static json_t *flush(struct hf_rpc_call *call)
{
	bool subtree = json_is_true(json_object_get(call->params, "subtree"));
	uint8_t name[HF_NAME_MAX];
	char text[HF_NAME_TEXT_MAX];
	size_t removed, hot;

	if (!take_name(call, name))
		return NULL;
	/* Proofs first: what is made of them until then is not stored when the cache is flushed. The cache before the kernel tier: what was
	 * offered for promotion is looked up there again, so nothing comes back. */
	hf_denials_flush(call->parts->shared.denials, name);
	removed = hf_cache_flush(call->parts->cache, name, subtree);
	hot = hf_kernel_tier_flush(call->parts->kernel_tier, name, subtree);
	hf_log(HF_LOG_INFO, "flushed", "name=\"%s\" subtree=%s removed=%zu removed-hot=%zu",
	       hf_name_to_text(name, text), subtree ? "yes" : "no", removed, hot);
	return json_pack("{s:I,s:I}", "removed_facts_and_answers", (json_int_t)removed, "removed_hot", (json_int_t)hot);
}

/* The names asked for most, kept sorted while all are visited. */
struct hot_name {
	uint64_t hits;
	uint16_t type;
	uint8_t name[HF_NAME_MAX];
	uint32_t ttl;
};

struct hot {
	struct hf_now now;
	size_t wanted, count;
	struct hot_name *names;
};

static void hot_visit(void *state, uint16_t qtype, uint16_t qclass, uint8_t reply_class,
		      const struct hf_answer_record *record, uint64_t hits)
{
	struct hot *hot = state;
	size_t at = hot->count;

	(void)qclass, (void)reply_class;
	if (at == hot->wanted && (at == 0 || hot->names[at - 1].hits >= hits))
		return;
	if (at == hot->wanted)
		at--;
	else
		hot->count++;
	for (; at > 0 && hot->names[at - 1].hits < hits; at--)
		hot->names[at] = hot->names[at - 1];
	hot->names[at].hits = hits;
	hot->names[at].type = qtype;
	hf_name_copy(record->data, hot->names[at].name);
	hot->names[at].ttl = record_ttl(record, hot->now);
}

static json_t *hot(struct hf_rpc_call *call)
{
	json_int_t wanted = HOT_NAMES_DEFAULT;
	const json_t *count = json_object_get(call->params, "count");
	struct hot hot = {.now = call->now};
	json_t *names;

	if (count && (!json_is_integer(count) || (wanted = json_integer_value(count)) < 1 || wanted > HOT_NAMES_MAX))
		return fail(call, "'count' is a number from 1 to 1000");
	hot.wanted = (size_t)wanted;
	hot.names = calloc(hot.wanted, sizeof(*hot.names));
	if (!hot.names)
		return fail(call, "out of memory");
	hf_kernel_tier_visit(call->parts->kernel_tier, call->now, hot_visit, &hot);
	names = json_array();
	for (size_t i = 0; i < hot.count; i++)
		json_array_append_new(names,
				      json_pack("{s:o,s:o,s:I,s:I}", "name", name_text(hot.names[i].name), "type",
						type_text(hot.names[i].type), "hits", (json_int_t)hot.names[i].hits,
						"ttl", (json_int_t)hot.names[i].ttl));
	free(hot.names);
	return json_pack("{s:o}", "names", names);
}

/* ---- limits ---- */

static json_t *limits(struct hf_rpc_call *call)
{
	struct hf_notice *notices = calloc(HF_NOTICES_KEPT, sizeof(*notices));
	json_t *limited = json_array();
	unsigned count = notices ? hf_notices_copy(notices) : 0;

	(void)call;
	for (unsigned i = 0; i < count; i++)
		json_array_append_new(limited, json_pack("{s:I,s:s,s:s}", "time", (json_int_t)notices[i].wall_s, "event",
							 notices[i].event, "what", notices[i].fields));
	free(notices);
	return json_pack("{s:o}", "limited", limited);
}

/* ---- reload, trace, log ---- */

static json_t *reload(struct hf_rpc_call *call)
{
	const char *path = json_string_value(json_object_get(call->params, "path"));

	/* "kernel": whoever asks, holdfastd, sees to the kernel's rules. */
	if (!hf_housekeeping_reload(call->housekeeping, path, json_is_true(json_object_get(call->params, "kernel")),
				    call->error)) {
		hf_log(HF_LOG_ERROR, "reload-failed", "text=\"%s\"", call->error);
		return NULL;
	}
	return json_pack("{s:b}", "kernel_lags", hf_housekeeping_kernel_lags(call->housekeeping));
}

static json_t *trace(struct hf_rpc_call *call)
{
	uint8_t name[HF_NAME_MAX];
	uint16_t type;

	if (!take_name(call, name) || !take_type(call, HF_TYPE_A, &type))
		return NULL;
	if (hf_type_is_meta(type) && type != HF_TYPE_ANY)
		return fail(call, "'type' is not one that can be asked for");
	if (!hf_housekeeping_trace(call->housekeeping, name, type, call->connection))
		return fail(call, "another trace is running");
	call->later = true;
	return NULL;
}

static json_t *set_log(struct hf_rpc_call *call)
{
	const json_t *level = json_object_get(call->params, "level"),
		     *queries = json_object_get(call->params, "queries"),
		     *sample = json_object_get(call->params, "sample");
	struct hf_config *config = call->parts->config;
	enum hf_log_level chosen = config->log_level;

	if (level && (!json_is_string(level) || !hf_log_level_from_text(json_string_value(level), &chosen)))
		return fail(call, "'level' is one of error, warning, info, debug");
	if (queries && !json_is_boolean(queries))
		return fail(call, "'queries' is true or false");
	if (sample &&
	    (!json_is_integer(sample) || json_integer_value(sample) < 1 || json_integer_value(sample) > INT_MAX))
		return fail(call, "'sample' is a positive number");
	/* The running configuration says what is so, until a reload says otherwise. */
	config->log_level = chosen;
	if (queries)
		config->query_log = json_is_true(queries);
	if (sample)
		config->query_log_sample = (unsigned)json_integer_value(sample);
	hf_log_set_level(config->log_level);
	hf_log_set_queries(config->query_log, config->query_log_sample);
	return json_object();
}

/* ---- the table ---- */

static const struct {
	const char *name;
	json_t *(*call)(struct hf_rpc_call *call);
} methods[] = {
	{"status", status}, {"stats", stats},	{"lookup", lookup}, {"flush", flush},
	{"hot", hot},	    {"limits", limits},
	  {"reload", reload}, {"trace", trace},   {"log", set_log},
};

json_t *hf_rpc_methods_call(const char *method, struct hf_rpc_call *call)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, method) == 0)
			return methods[i].call(call);
	snprintf(call->error, sizeof(call->error), "no method '%.64s'", method);
	return NULL;
}
