// SPDX-License-Identifier: BSD-3-Clause
/* The cache by itself: lookups alone and in bursts against a plain cds_lfht, with one and two reading threads;
 * insertions into a full cache; the share of hits that SIEVE keeps, against LRU of the same number of entries.
 * Prints JSON (measure.h); bench/run makes a table of it.
 */
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <urcu-qsbr.h>
#include <urcu/rculfhash.h>
#include "bench/measure.h"
#include "cache/cache.h"
#include "wire/type.h"

#define DRAWS (1u << 20)
#define BURST 32
#define ROUNDS 9

static const __u64 secret[2] = {0x243f6a8885a308d3, 0x13198a2e03707344};
static const struct hf_now now = {.mono_ns = 1000 * HF_NS_PER_SECOND};

static void die(const char *what)
{
	fprintf(stderr, "bench_cache: %s\n", what);
	exit(1);
}

/* ---- questions and answers ---- */

/* As a packet worker has it: key made, name beside it in the packet. */
struct draw {
	struct hf_cache_question question;
	uint8_t name[32];
};

union record_space {
	struct hf_answer_record record;
	uint8_t bytes[HF_RECORD_SIZE(32, HF_RECORD_BODY_MAX)];
};

/* Name number `id`, 23 octets: xxxxxx.yyyyyyy.example. */
static void question_of(uint32_t id, struct draw *draw)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	__u64 key[2];

	memset(draw->name, 0, sizeof(draw->name));
	memcpy(draw->name, "\6aaaaaa\6bbbbbb\7example", 23);
	for (unsigned i = 0; i < 6; i++) {
		draw->name[1 + i] = (uint8_t)letters[id >> 5 * i & 31];
		draw->name[8 + i] = (uint8_t)letters[(id * 2654435761u) >> (5 * i + 2) & 31];
	}
	draw->question.name = draw->name;
	draw->question.name_length = 23;
	hf_question_key(secret, draw->name, 23, HF_TYPE_A, HF_CLASS_IN, 0, key);
	draw->question.key[0] = key[0];
	draw->question.key[1] = key[1];
}

/* An answer of `body_length` octets (their content does not matter here). */
static size_t record_of(const struct draw *draw, uint16_t body_length, uint64_t fresh_until_ns, struct hf_answer_record *record)
{
	memset(record, 0, sizeof(*record) + 24);
	record->key[0] = draw->question.key[0];
	record->key[1] = draw->question.key[1];
	record->fresh_until_ns = record->stale_until_ns = fresh_until_ns;
	record->body_length = body_length;
	record->name_length = 23;
	record->ttl_count = 1;
	record->qtype = HF_TYPE_A;
	record->qclass = HF_CLASS_IN;
	memcpy(record->data, draw->name, 23);
	return HF_RECORD_SIZE(23, body_length);
}

/* ---- the other side: the same records behind a cds_lfht ---- */

struct lfht_node {
	struct cds_lfht_node node;
	struct hf_answer_record record;
};

static int lfht_match(struct cds_lfht_node *node, const void *key)
{
	const struct hf_answer_record *record = &caa_container_of(node, struct lfht_node, node)->record;
	const struct hf_cache_question *question = key;

	return record->key[0] == question->key[0] && record->key[1] == question->key[1] &&
	       record->name_length == question->name_length &&
	       memcmp(record->data, question->name, question->name_length) == 0;
}

static const struct hf_answer_record *lfht_answer(struct cds_lfht *lfht, const struct hf_cache_question *question)
{
	struct cds_lfht_iter iter;
	struct lfht_node *found;

	cds_lfht_lookup(lfht, question->key[0], lfht_match, question, &iter);
	if (!cds_lfht_iter_get_node(&iter))
		return NULL;
	found = caa_container_of(cds_lfht_iter_get_node(&iter), struct lfht_node, node);
	if (now.mono_ns >= found->record.fresh_until_ns)
		return NULL;
	if (!__atomic_load_n(&found->record.mark, __ATOMIC_RELAXED))
		__atomic_store_n(&found->record.mark, 1, __ATOMIC_RELAXED);
	return &found->record;
}

/* ---- lookups ---- */

enum way { SINGLE, BURSTS, LFHT, WAYS };
static const char *const way_names[WAYS] = {"single", "burst of 32", "cds_lfht"};

struct world {
	struct hf_cache *cache;
	struct cds_lfht *lfht;
	struct draw *draws;
};

struct reader {
	pthread_t thread;
	const struct world *world;
	pthread_barrier_t *start;
	enum way way;
	unsigned cpu;
	double ns; /* per lookup */
};

static size_t look_up(const struct world *world, enum way way, unsigned first)
{
	size_t hits = 0;

	for (unsigned i = 0; i < DRAWS; i += BURST) {
		const struct draw *draws = &world->draws[(first + i) % DRAWS];
		struct hf_cache_question questions[BURST];
		const struct hf_answer_record *results[BURST];

		switch (way) {
		case SINGLE:
			for (unsigned j = 0; j < BURST; j++)
				hits += hf_cache_answer(world->cache, draws[j].question.key, draws[j].question.name,
							draws[j].question.name_length, now) != NULL;
			break;
		case BURSTS:
			for (unsigned j = 0; j < BURST; j++)
				questions[j] = draws[j].question;
			hf_cache_answer_burst(world->cache, BURST, questions, now, results);
			for (unsigned j = 0; j < BURST; j++)
				hits += results[j] != NULL;
			break;
		default:
			for (unsigned j = 0; j < BURST; j++)
				hits += lfht_answer(world->lfht, &draws[j].question) != NULL;
		}
		rcu_quiescent_state();
	}
	return hits;
}

static void *read_all(void *argument)
{
	struct reader *reader = argument;
	cpu_set_t cpus;
	double begin;

	CPU_ZERO(&cpus);
	CPU_SET(reader->cpu, &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus); /* without it, the kernel's choice is as good */
	rcu_register_thread();
	rcu_thread_offline();
	pthread_barrier_wait(reader->start);
	rcu_thread_online();
	begin = measure_cpu_ns();
	if (look_up(reader->world, reader->way, reader->cpu * DRAWS / 2) != DRAWS)
		die("an answer that was put is not found");
	reader->ns = (measure_cpu_ns() - begin) / DRAWS;
	rcu_unregister_thread();
	return NULL;
}

/* Nanoseconds of CPU time per lookup and thread, with `threads` at once. */
static double time_lookups(const struct world *world, enum way way, unsigned threads)
{
	struct reader readers[2];
	pthread_barrier_t start;
	double sum = 0;

	pthread_barrier_init(&start, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		readers[i] = (struct reader){.world = world, .start = &start, .way = way, .cpu = i};
		if (pthread_create(&readers[i].thread, NULL, read_all, &readers[i]) != 0)
			die("cannot start a thread");
	}
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(readers[i].thread, NULL);
		sum += readers[i].ns;
	}
	pthread_barrier_destroy(&start);
	return sum / threads;
}

static void world_make(struct world *world, uint32_t n)
{
	struct hf_cache_config config = {
		.bytes = (size_t)n * 400 + (4 << 20), .answer_share = 80, .max_ttl = 86400, .secret = {secret[0], secret[1]}};
	uint32_t *ids = malloc(n * sizeof(*ids));
	struct measure_zipf zipf;
	union record_space space;
	struct draw draw;
	uint64_t seed = 7;

	world->cache = hf_cache_new(&config);
	world->lfht = cds_lfht_new(n, n, n, 0, NULL); /* sizes are powers of two */
	world->draws = aligned_alloc(64, DRAWS * sizeof(struct draw));
	if (!ids || !world->cache || !world->lfht || !world->draws || !measure_zipf_init(&zipf, n, 1.0))
		die("out of memory");
	/* Shuffled, so that popular names do not lie side by side in memory. */
	for (uint32_t i = 0; i < n; i++) {
		uint32_t j = (uint32_t)(measure_chance(&seed) % (i + 1));

		ids[i] = ids[j];
		ids[j] = i;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint64_t fresh = now.mono_ns + 3600 * HF_NS_PER_SECOND;
		uint16_t body = (uint16_t)(16 + measure_chance(&seed) % 115); /* 16–130 octets */
		struct lfht_node *node;
		size_t size;

		question_of(ids[i], &draw);
		size = record_of(&draw, body, fresh, &space.record);
		memset(space.record.data + 24, 0, body);
		if (!hf_cache_put_answer(world->cache, &space.record, now))
			die("an answer does not fit");
		node = malloc(offsetof(struct lfht_node, record) + size);
		if (!node)
			die("out of memory");
		cds_lfht_node_init(&node->node);
		memcpy(&node->record, &space.record, size);
		cds_lfht_add(world->lfht, draw.question.key[0], &node->node);
	}
	for (uint32_t i = 0; i < DRAWS; i++)
		question_of(measure_zipf_draw(&zipf, &seed), &world->draws[i]);
	free(zipf.cumulative);
	free(ids);
}

static void world_free(struct world *world)
{
	struct cds_lfht_iter iter;
	struct cds_lfht_node *node;

	hf_cache_free(world->cache);
	cds_lfht_first(world->lfht, &iter);
	while ((node = cds_lfht_iter_get_node(&iter)) != NULL) {
		cds_lfht_next(world->lfht, &iter);
		cds_lfht_del(world->lfht, node);
		free(caa_container_of(node, struct lfht_node, node)); /* no other reader is left */
	}
	cds_lfht_destroy(world->lfht, NULL);
	free(world->draws);
}

static void bench_lookups(uint32_t n, const char *size_name, struct measure_row rows[2][WAYS], bool first)
{
	struct world world;

	fprintf(stderr, "lookups among %s answers: filling …\n", size_name);
	world_make(&world, n);
	for (unsigned t = 0; t < 2; t++) {
		for (unsigned way = 0; way < WAYS; way++) {
			rows[t][way].unit = "ns/lookup";
			snprintf(rows[t][way].name, sizeof(rows[t][way].name), "%s, %s, %u thread%s", size_name,
				 way_names[way], t + 1, t ? "s" : "");
		}
	}
	for (unsigned way = 0; way < WAYS; way++)
		time_lookups(&world, way, 1); /* warm */
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned t = 0; t < 2; t++) {
			for (unsigned i = 0; i < WAYS; i++) {
				unsigned way = (i + round) % WAYS; /* nobody is always first */

				measure_add(&rows[t][way], time_lookups(&world, way, t + 1));
			}
		}
	}
	world_free(&world);
	for (unsigned t = 0; t < 2; t++) {
		for (unsigned way = 0; way < WAYS; way++)
			measure_print_row(&rows[t][way], first && t == 0 && way == 0);
	}
	fflush(stdout);
}

/* ---- insertions ---- */

static void drain(struct hf_cache *cache)
{
	struct hf_cache_batch *batch = hf_cache_take_retired(cache);

	if (batch)
		hf_cache_free_retired(cache, batch); /* nobody else reads here */
}

static void insert_answers(struct hf_cache *cache, uint32_t first, uint32_t count)
{
	union record_space space;
	struct draw draw;

	for (uint32_t id = first; id < first + count; id++) {
		question_of(id, &draw);
		record_of(&draw, (uint16_t)(16 + id % 115), now.mono_ns + 60 * HF_NS_PER_SECOND, &space.record);
		if (!hf_cache_put_answer(cache, &space.record, now))
			die("an insertion with eviction failed");
		if (id % 1000 == 0)
			drain(cache);
	}
}

static void insert_facts(struct hf_cache *cache, uint32_t first, uint32_t count)
{
	union {
		struct hf_rrset rrset;
		uint8_t bytes[sizeof(struct hf_rrset) + 23 + 2 + 4];
	} set = {.rrset = {.size = sizeof(struct hf_rrset) + 29, .ttl = 60, .type = HF_TYPE_A, .class = HF_CLASS_IN,
			   .count = 1, .owner_length = 23}};
	struct draw draw;
	uint16_t length = 4;

	for (uint32_t id = first; id < first + count; id++) {
		question_of(id, &draw);
		memcpy(set.rrset.data, draw.name, 23);
		memcpy(set.rrset.data + 23, &length, 2);
		if (!hf_cache_put(cache, &set.rrset, HF_RANK_ANSWER_AUTH, now))
			die("an insertion with eviction failed");
		if (id % 1000 == 0)
			drain(cache);
	}
}

static void bench_insertions(void)
{
	static void (*const kinds[2])(struct hf_cache *, uint32_t, uint32_t) = {insert_answers, insert_facts};
	struct hf_cache_config config = {
		.bytes = 64 << 20, .answer_share = 50, .max_ttl = 86400, .secret = {secret[0], secret[1]}};
	struct measure_row rows[2] = {{.name = "answer insertions with eviction, 64 MiB", .unit = "1/s"},
				      {.name = "RRset insertions with eviction, 64 MiB", .unit = "1/s"}};
	struct hf_cache *cache = hf_cache_new(&config);
	uint32_t next[2] = {0, 0};

	if (!cache)
		die("out of memory");
	fprintf(stderr, "insertions …\n");
	for (unsigned round = 0; round <= ROUNDS; round++) {
		for (unsigned kind = 0; kind < 2; kind++) {
			uint32_t count = round == 0 ? 300000 : 200000;
			double begin = measure_cpu_ns();

			kinds[kind](cache, next[kind], count);
			if (round > 0) /* the first fills the cache */
				measure_add(&rows[kind], count / (measure_cpu_ns() - begin) * 1e9);
			next[kind] += count;
		}
	}
	hf_cache_free(cache);
	measure_print_row(&rows[0], false);
	measure_print_row(&rows[1], false);
}

/* ---- what eviction keeps ---- */

/* LRU by number of entries, over names that are numbers. */
struct lru {
	uint32_t capacity, entries, head, tail; /* 0 ends the list; name n stands at n + 1 */
	struct lru_node {
		uint32_t newer, older;
		double fresh_until; /* 0: not held */
	} *nodes;
};

static void lru_unlink(struct lru *lru, uint32_t at)
{
	struct lru_node *node = &lru->nodes[at];

	*(node->newer ? &lru->nodes[node->newer].older : &lru->head) = node->older;
	*(node->older ? &lru->nodes[node->older].newer : &lru->tail) = node->newer;
}

static void lru_push(struct lru *lru, uint32_t at)
{
	struct lru_node *node = &lru->nodes[at];

	node->newer = 0;
	node->older = lru->head;
	*(lru->head ? &lru->nodes[lru->head].newer : &lru->tail) = at;
	lru->head = at;
}

static bool lru_ask(struct lru *lru, uint32_t name, double time, double ttl)
{
	uint32_t at = name + 1;
	struct lru_node *node = &lru->nodes[at];
	bool hit = node->fresh_until > time;

	if (node->fresh_until > 0) {
		lru_unlink(lru, at);
	} else if (lru->entries == lru->capacity) {
		uint32_t victim = lru->tail;

		lru_unlink(lru, victim);
		lru->nodes[victim].fresh_until = 0;
	} else {
		lru->entries++;
	}
	if (!hit)
		node->fresh_until = time + ttl;
	lru_push(lru, at);
	return hit;
}

/* Profile D1: 2^20 names, Zipf 1.0, a tenth of the queries for names that never come again, TTLs 30 s: 20 %,
 * 60: 25 %, 300: 35 %, 3600: 20 %, a name's own for ever. The rate is not part of the profile: 20,000 a second. */
#define D1_NAMES (1u << 20)
#define D1_QUERIES 1500000u
#define D1_RATE 20000.0

static double d1_ttl(uint32_t name)
{
	uint32_t draw = (name * 2654435761u >> 8) % 100;

	return draw < 20 ? 30 : draw < 45 ? 60 : draw < 80 ? 300 : 3600;
}

static uint32_t d1_draw(const struct measure_zipf *zipf, uint64_t *seed, uint32_t *unique)
{
	return measure_chance(seed) % 10 == 0 ? (*unique)++ : measure_zipf_draw(zipf, seed);
}

/* The first third warms and is not counted. */
static bool d1_counts(uint32_t query)
{
	return query >= D1_QUERIES / 3;
}

#define D1_COUNTED (D1_QUERIES - D1_QUERIES / 3)

static double d1_cache(const struct measure_zipf *zipf, uint32_t entries, struct hf_cache_stats *stats)
{
	/* A record of 23 + 16 octets costs 176 bytes; an eighth of the level is headroom, its index another 5 %. */
	size_t bytes = (size_t)(entries * 176.0 / 0.875 / 0.9 * 1.055) + 9000;
	struct hf_cache_config config = {.bytes = bytes < 1 << 20 ? 1 << 20 : bytes,
					 .answer_share = 90,
					 .max_ttl = 86400,
					 .secret = {secret[0], secret[1]}};
	struct hf_cache *cache = hf_cache_new(&config);
	uint32_t hits = 0, unique = D1_NAMES;
	uint64_t seed = 99;

	if (!cache)
		die("out of memory");
	for (uint32_t i = 0; i < D1_QUERIES; i++) {
		struct hf_now at = {.mono_ns = (uint64_t)((1 + i / D1_RATE) * 1e9)};
		uint32_t name = d1_draw(zipf, &seed, &unique);
		union record_space space;
		struct draw draw;

		question_of(name, &draw);
		if (hf_cache_answer(cache, draw.question.key, draw.question.name, 23, at)) {
			hits += d1_counts(i);
		} else {
			record_of(&draw, 16, at.mono_ns + (uint64_t)(d1_ttl(name) * 1e9), &space.record);
			memset(space.record.data + 24, 0, 16);
			if (!hf_cache_put_answer(cache, &space.record, at))
				die("an insertion with eviction failed");
		}
		if (i % 128 == 0)
			drain(cache);
	}
	hf_cache_stats(cache, stats);
	hf_cache_free(cache);
	return (double)hits / D1_COUNTED;
}

static double d1_lru(const struct measure_zipf *zipf, uint32_t entries)
{
	struct lru lru = {.capacity = entries, .nodes = calloc(D1_NAMES + D1_QUERIES + 1, sizeof(struct lru_node))};
	uint32_t hits = 0, unique = D1_NAMES;
	uint64_t seed = 99;

	if (!lru.nodes)
		die("out of memory");
	for (uint32_t i = 0; i < D1_QUERIES; i++) {
		uint32_t name = d1_draw(zipf, &seed, &unique);

		hits += lru_ask(&lru, name, 1 + i / D1_RATE, d1_ttl(name)) && d1_counts(i);
	}
	free(lru.nodes);
	return (double)hits / D1_COUNTED;
}

/* Returns the share of hits by which this cache is better than LRU of as many entries. */
static double bench_eviction(const struct measure_zipf *zipf, uint32_t entries)
{
	static const char *const what[4] = {"hit share, SIEVE", "hit share, LRU", "hit share, no limit", "entries held"};
	struct hf_cache_stats stats;
	double figures[4];

	figures[0] = d1_cache(zipf, entries, &stats);
	figures[1] = d1_lru(zipf, (uint32_t)stats.answers);
	figures[2] = d1_lru(zipf, UINT32_MAX);
	figures[3] = (double)stats.answers;
	for (unsigned i = 0; i < 4; i++) {
		struct measure_row row = {.unit = i < 3 ? "of queries" : "entries"};

		snprintf(row.name, sizeof(row.name), "D1, %uk: %s", entries / 1024, what[i]);
		measure_add(&row, figures[i]);
		measure_print_row(&row, false);
	}
	return figures[0] - figures[1];
}

int main(void)
{
	static struct measure_row rows[3][2][WAYS];
	static const uint32_t sizes[3] = {1u << 10, 1u << 16, 1u << 20};
	static const char *const size_names[3] = {"1k", "64k", "1M"};
	struct measure_zipf zipf;
	double gains[3], speedups[ROUNDS];

	rcu_register_thread(); /* cds_lfht wants it of whoever adds */
	measure_print_begin("cache");
	for (unsigned i = 0; i < 3; i++) {
		rcu_thread_online();
		bench_lookups(sizes[i], size_names[i], rows[i], i == 0);
	}
	bench_insertions();
	fprintf(stderr, "eviction …\n");
	if (!measure_zipf_init(&zipf, D1_NAMES, 1.0))
		die("out of memory");
	for (unsigned i = 0; i < 3; i++)
		gains[i] = bench_eviction(&zipf, 4096u << 2 * i);
	free(zipf.cumulative);

	for (unsigned i = 0; i < ROUNDS; i++)
		speedups[i] = 2 * rows[0][0][BURSTS].runs[i] / rows[0][1][BURSTS].runs[i];
	measure_print_checks_begin();
	measure_print_check("P13: 1M Zipf, burst of 32 / unbatched cds_lfht", measure_ratio(&rows[2][0][BURSTS], &rows[2][0][LFHT]),
			    "<=", 0.5, true);
	measure_print_check("P14: two reading threads / one, hot set (1k), bursts", measure_median(speedups, ROUNDS), ">=", 1.8,
			    false);
	measure_print_check("D1, 16k: hit share above LRU", gains[1], ">=", 0.05, false);
	measure_print_end();
	rcu_unregister_thread();
	return 0;
}
