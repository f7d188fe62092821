// SPDX-License-Identifier: BSD-3-Clause
/* The writer of the kernel tier, over plain memory: what is published, evicted, expired, recovered; and a reader that reads as the
 * kernel does while the writer works.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "hot/slots.h"
#include "hot/table.h"
#include "wire/name.h"

enum { ENTRIES = 4096 };

#define START_NS (1000 * HF_NS_PER_SECOND)

struct fixture {
	struct hf_fastpath_settings settings;
	struct hf_hot_memory memory;
	struct hf_hot_table *table;
	struct hf_now now;
};

static void open_table(struct fixture *f)
{
	char error[256] = "";

	f->table = hf_hot_table_over(&f->memory, error);
	if (!f->table)
		fail_msg("%s", error);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->settings = (struct hf_fastpath_settings){
		.abi_version = HF_ABI_VERSION,
		.entries = ENTRIES,
		.bucket_count = hf_hot_bucket_count(ENTRIES),
		.chunk_count = hf_hot_chunk_count(ENTRIES),
		.secret = {0x0123456789abcdef, 0xfedcba9876543210},
	};
	f->memory.settings = &f->settings;
	/* A size that is a multiple of the alignment, as aligned_alloc() wants. */
	f->memory.buckets = aligned_alloc(64, (f->settings.bucket_count * sizeof(struct hf_hot_bucket) + 63) & ~(size_t)63);
	f->memory.chunks = aligned_alloc(4096, (size_t)f->settings.chunk_count * HF_CHUNK_SIZE);
	memset(f->memory.buckets, 0, f->settings.bucket_count * sizeof(struct hf_hot_bucket));
	memset(f->memory.chunks, 0, (size_t)f->settings.chunk_count * HF_CHUNK_SIZE);
	f->now.mono_ns = START_NS;
	open_table(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hf_hot_table_close(f->table);
	free(f->memory.buckets);
	free(f->memory.chunks);
	free(f);
	return 0;
}

/* ---- records, by hand ---- */

struct room {
	_Alignas(8) uint8_t octets[HF_SLOT_MAX];
};

/* An answer of `length` octets: one RR of type TXT at the question's name, TTL `ttl`, RDATA filled with the low octet of `fill`. */
static struct hf_answer_record *compose(struct room *room, const struct fixture *f, const char *text, uint16_t length,
					uint32_t ttl, uint32_t fill)
{
	struct hf_answer_record *record = (struct hf_answer_record *)room->octets;
	uint8_t name[HF_NAME_MAX], *body;

	memset(room, 0, sizeof(*room));
	record->name_length = (uint8_t)hf_name_from_text(text, name);
	hf_name_lower(name, name);
	memcpy(record->data, name, record->name_length);
	body = record->data + HF_RECORD_NAME_SPACE(record->name_length);
	record->qtype = 16;
	record->qclass = 1;
	record->base_ns = f->now.mono_ns;
	record->fresh_until_ns = record->stale_until_ns = record->base_ns + ttl * HF_NS_PER_SECOND;
	record->body_length = length;
	record->ancount = htons(1);
	record->ttl_count = 1;
	record->ttl_offsets[0] = 6;
	memset(body, (int)fill, length);
	memcpy(body, "\xc0\x0c\x00\x10\x00\x01", 6);
	ttl = htonl(ttl);
	memcpy(body + 6, &ttl, 4);
	body[10] = (uint8_t)((length - 12) >> 8);
	body[11] = (uint8_t)(length - 12);
	return record;
}

static bool publish(struct fixture *f, const char *text, uint16_t length, uint32_t ttl)
{
	struct room room;

	return hf_hot_table_publish(f->table, compose(&room, f, text, length, ttl, 0), f->now);
}

static const char *numbered(unsigned number)
{
	static char text[32];

	snprintf(text, sizeof(text), "n%u.example.", number);
	return text;
}

static bool holds(struct fixture *f, const char *text)
{
	struct room room;

	return hf_hot_table_holds(f->table, compose(&room, f, text, 40, 1, 0), f->now);
}

/* ---- a reader, as the kernel reads ---- */

static struct hf_answer_record *at_place(const struct fixture *f, uint32_t place)
{
	return (struct hf_answer_record *)(f->memory.chunks + (size_t)place * HF_CHUNK_UNIT);
}

static __u64 *find_word(const struct fixture *f, const struct hf_answer_record *question)
{
	const __u64 secret[2] = {f->settings.secret[0], f->settings.secret[1]};
	uint32_t buckets[2], count = f->settings.bucket_count;
	__u64 key[2];

	hf_question_key(secret, question->data, question->name_length, question->qtype, 1, question->reply_class, key);
	buckets[0] = hf_hot_first(key[0], count);
	buckets[1] = hf_hot_second(key[0], count);
	for (unsigned i = 0; i < 2 * HF_BUCKET_WAYS; i++) {
		__u64 *word = &f->memory.buckets[buckets[i / HF_BUCKET_WAYS]].words[i % HF_BUCKET_WAYS];

		if (__atomic_load_n(word, __ATOMIC_ACQUIRE) >> 32 == hf_hot_tag(key[0]) && (uint32_t)*word)
			return word;
	}
	return NULL;
}

static struct hf_answer_record *find(const struct fixture *f, const char *text)
{
	struct room room;
	__u64 *word = find_word(f, compose(&room, f, text, 40, 1, 0));

	return word ? at_place(f, (uint32_t)*word) : NULL;
}

static struct hf_hot_stats stats(const struct fixture *f)
{
	struct hf_hot_stats s;

	hf_hot_table_stats(f->table, &s);
	return s;
}

/* ---- publishing ---- */

static void a_published_record_is_found_with_all_its_octets(void **state)
{
	struct fixture *f = *state;
	struct room room;
	struct hf_answer_record *record = compose(&room, f, "www.example.", 100, 300, 7), *found;

	assert_true(hf_hot_table_publish(f->table, record, f->now));
	found = find(f, "www.example.");
	assert_non_null(found);
	assert_int_equal(found->sequence % 2, 0);
	assert_int_equal(found->mark, 0);
	assert_memory_equal(found->data, record->data, HF_RECORD_NAME_SPACE(record->name_length) + 100);
	assert_int_equal(found->fresh_until_ns, record->fresh_until_ns);
	assert_true(holds(f, "www.example."));
	assert_true(holds(f, "WWW.example."));
	assert_false(holds(f, "ww.example."));
	assert_int_equal(stats(f).entries, 1);
}

static void what_the_cache_hashed_with_another_secret_is_found_too(void **state)
{
	struct fixture *f = *state;
	struct room room;
	struct hf_answer_record *record = compose(&room, f, "www.example.", 100, 300, 7);

	record->key[0] = record->key[1] = 42;
	assert_true(hf_hot_table_publish(f->table, record, f->now));
	assert_non_null(find(f, "www.example."));
}

static void a_newer_record_replaces_and_keeps_the_hits(void **state)
{
	struct fixture *f = *state;
	struct hf_answer_record *first, *second;

	publish(f, "www.example.", 100, 300);
	first = find(f, "www.example.");
	first->mark = 65;
	publish(f, "www.example.", 40, 600);
	second = find(f, "www.example.");
	assert_ptr_not_equal(first, second);
	assert_int_equal(second->body_length, 40);
	assert_int_equal(second->mark, 0);
	assert_int_equal(stats(f).entries, 1);
	assert_int_equal(stats(f).replaced, 1);
}

static void reply_classes_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct room room;
	struct hf_answer_record *record = compose(&room, f, "www.example.", 100, 300, 7);

	hf_hot_table_publish(f->table, record, f->now);
	record->reply_class = HF_REPLY_DO;
	assert_false(hf_hot_table_holds(f->table, record, f->now));
	hf_hot_table_publish(f->table, record, f->now);
	assert_true(hf_hot_table_holds(f->table, record, f->now));
	assert_int_equal(stats(f).entries, 2);
}

static void what_the_kernel_could_not_serve_is_refused(void **state)
{
	struct fixture *f = *state;
	struct room room;
	struct hf_answer_record *record;

#define REFUSED(change)                                                       \
	record = compose(&room, f, "www.example.", 100, 300, 7);              \
	change;                                                               \
	assert_false(hf_hot_table_publish(f->table, record, f->now))

	REFUSED(record->qclass = 3);
	REFUSED(record->ttl_count = 0xff);
	REFUSED(record->ttl_count = 17);
	REFUSED(record->body_length = 7);
	REFUSED(record->body_length = HF_RECORD_BODY_MAX + 1);
	REFUSED(record->ttl_offsets[0] = 97);
	REFUSED(record->name_length = 0);
	REFUSED(record->fresh_until_ns = f->now.mono_ns);
	REFUSED(record->fresh_until_ns = record->base_ns - 1);
	REFUSED(record->fresh_until_ns += HF_NS_PER_SECOND); /* fresh for longer than the TTL says */
	REFUSED(record->fresh_until_ns = record->base_ns + (UINT64_C(1) << 53));
	assert_int_equal(stats(f).rejected, 11);
	assert_int_equal(stats(f).entries, 0);
}

static void the_table_fills_to_its_capacity_with_hardly_an_eviction(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < ENTRIES; i++)
		assert_true(publish(f, numbered(i), 60, 300));
	assert_true(stats(f).entries > ENTRIES * 99 / 100);
	assert_true(stats(f).evicted < ENTRIES / 100);
}

static void unmarked_records_are_let_go_first(void **state)
{
	struct fixture *f = *state;
	unsigned kept = 0;

	for (unsigned i = 0; i < ENTRIES; i++)
		publish(f, numbered(i), 60, 300);
	for (unsigned i = 0; i < ENTRIES / 2; i++) {
		struct hf_answer_record *record = find(f, numbered(2 * i));

		if (record)
			record->mark = 1;
	}
	for (unsigned i = 0; i < ENTRIES / 4; i++) {
		f->now.mono_ns += HF_NS_PER_MS;
		assert_true(publish(f, numbered(ENTRIES + i), 60, 300));
	}
	assert_true(stats(f).entries <= ENTRIES);
	for (unsigned i = 0; i < ENTRIES / 2; i++)
		kept += holds(f, numbered(2 * i));
	assert_true(kept > ENTRIES / 2 * 98 / 100);
}

static void a_flood_never_exceeds_the_capacity(void **state)
{
	struct fixture *f = *state;
	unsigned refused = 0;

	for (unsigned i = 0; i < 10 * ENTRIES; i++) {
		f->now.mono_ns += 20000; /* 50,000 a second */
		refused += !publish(f, numbered(i), (uint16_t)(i % 7 ? 60 : 12 + i % 1200), 300);
		assert_true(stats(f).entries <= ENTRIES);
	}
	assert_true(refused < ENTRIES / 10);
}

static void small_records_leave_room_for_large_ones(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 3 * ENTRIES; i++) {
		f->now.mono_ns += HF_NS_PER_MS;
		publish(f, numbered(i), 60, 3000);
	}
	for (unsigned i = 0; i < 30; i++)
		assert_true(publish(f, numbered(i), 1200, 3000));
	for (unsigned i = 0; i < 30; i++)
		assert_int_equal(find(f, numbered(i))->body_length, 1200);
}

static void large_records_leave_room_for_small_ones(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 3 * ENTRIES; i++) {
		f->now.mono_ns += HF_NS_PER_MS;
		publish(f, numbered(i), 1200, 3000);
	}
	for (unsigned i = 0; i < 200; i++)
		assert_true(publish(f, numbered(10 * ENTRIES + i), 60, 3000));
}

static void a_replaced_slot_rests_before_it_is_used_again(void **state)
{
	struct fixture *f = *state;
	struct hf_answer_record *former;
	uint32_t sequence;

	publish(f, "www.example.", 60, 300);
	former = find(f, "www.example.");
	publish(f, "www.example.", 60, 300);
	sequence = former->sequence;
	for (unsigned i = 0; i < 1000; i++)
		publish(f, numbered(i), 60, 300);
	assert_int_equal(former->sequence, sequence);
	f->now.mono_ns += HF_SLOTS_REST_NS;
	publish(f, "another.example.", 60, 300);
	assert_int_equal(former->sequence, sequence + 2);
	assert_ptr_equal(find(f, "another.example."), former);
}

/* ---- a writer that was killed ---- */

static void the_next_writer_finds_every_record(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 1000; i++)
		publish(f, numbered(i), (uint16_t)(40 + i), 300);
	hf_hot_table_close(f->table); /* frees only what is its own: as good as killed */
	open_table(f);
	assert_int_equal(stats(f).entries, 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(holds(f, numbered(i)));
	/* and goes on without treading on them */
	for (unsigned i = 1000; i < 2000; i++)
		assert_true(publish(f, numbered(i), 60, 300));
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(find(f, numbered(i))->body_length, 40 + i);
}

static void what_a_killed_writer_left_half_written_is_dropped_and_repaired(void **state)
{
	struct fixture *f = *state;
	struct hf_answer_record *half;
	struct room room;
	__u64 *word;

	publish(f, "whole.example.", 60, 300);
	publish(f, "half.example.", 60, 300);
	half = find(f, "half.example.");
	half->sequence++;
	hf_hot_table_close(f->table);
	open_table(f);
	assert_int_equal(stats(f).entries, 1);
	assert_true(holds(f, "whole.example."));
	word = find_word(f, compose(&room, f, "half.example.", 60, 300, 0));
	assert_null(word);
	for (unsigned i = 0; i < 300; i++)
		publish(f, numbered(i), 60, 300);
	assert_int_equal(half->sequence % 2, 0);
}

static void words_that_cannot_be_true_are_cleared(void **state)
{
	struct fixture *f = *state;
	struct hf_hot_bucket *buckets = f->memory.buckets;
	struct room room;
	__u64 *word, *free_word = NULL;

	publish(f, "www.example.", 60, 300);
	word = find_word(f, compose(&room, f, "www.example.", 60, 300, 0));
	for (unsigned i = 0; i < HF_BUCKET_WAYS && !free_word; i++)
		if (!buckets[7].words[i])
			free_word = &buckets[7].words[i];
	*free_word = *word;			     /* a second reference, from another bucket */
	buckets[8].words[0] = 0xffffffffffffffff;    /* beyond the chunks */
	buckets[9].words[0] = 5ULL << 32 | (3 * HF_CHUNK_UNITS + 1); /* a chunk that was never cut */
	buckets[10].words[0] = 6ULL << 32 | HF_CHUNK_UNITS;	     /* a chunk's header */
	hf_hot_table_close(f->table);
	open_table(f);
	assert_int_equal(stats(f).entries, 1);
	assert_true(holds(f, "www.example."));
	assert_int_equal(*free_word, 0);
	assert_int_equal(buckets[8].words[0] | buckets[9].words[0] | buckets[10].words[0], 0);
}

static void maps_of_another_version_are_refused(void **state)
{
	struct fixture *f = *state;
	char error[256];

	f->settings.abi_version++;
	assert_null(hf_hot_table_over(&f->memory, error));
	assert_non_null(strstr(error, "version"));
	f->settings.abi_version--;
}

/* ---- taking out ---- */

static uint8_t *name_of(const char *text)
{
	static uint8_t name[HF_NAME_MAX];

	assert_true(hf_name_from_text(text, name));
	return name;
}

static void flushing_takes_a_name_or_all_below_it(void **state)
{
	struct fixture *f = *state;

	publish(f, "example.", 60, 300);
	publish(f, "a.example.", 60, 300);
	publish(f, "b.a.example.", 60, 300);
	publish(f, "xample.", 60, 300);
	assert_int_equal(hf_hot_table_flush(f->table, name_of("A.example."), false), 1);
	assert_true(holds(f, "b.a.example."));
	assert_int_equal(hf_hot_table_flush(f->table, name_of("example."), true), 2);
	assert_int_equal(stats(f).entries, 1);
	assert_true(holds(f, "xample."));
	assert_null(find(f, "example."));
}

static void flushing_follows_a_chain_in_the_answer(void **state)
{
	/* www.example. CNAME cdn.example.; cdn.example. A: the second owner is written with a pointer into the first's RDATA. */
	static const uint8_t body[] = {
		0xc0, 12, 0, 5, 0, 1, 0, 0, 1, 44, 0, 6, 3, 'c', 'd', 'n', 0xc0, 16,
		0xc0, 41, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1,
	};
	struct fixture *f = *state;
	struct room room;
	struct hf_answer_record *record = compose(&room, f, "www.example.", sizeof(body), 300, 0);

	memcpy(record->data + HF_RECORD_NAME_SPACE(record->name_length), body, sizeof(body));
	record->ancount = htons(2);
	assert_true(hf_hot_table_publish(f->table, record, f->now));
	assert_int_equal(hf_hot_table_flush(f->table, name_of("dn.example."), true), 0);
	assert_int_equal(hf_hot_table_flush(f->table, name_of("cdn.example."), false), 1);
}

struct refreshed {
	unsigned count;
	char last[64];
	uint16_t type;
};

static void note_refresh(void *state, const uint8_t *name, uint16_t qtype, uint16_t qclass)
{
	struct refreshed *refreshed = state;
	char text[HF_NAME_TEXT_MAX];

	assert_int_equal(qclass, 1);
	refreshed->count++;
	refreshed->type = qtype;
	snprintf(refreshed->last, sizeof(refreshed->last), "%s", hf_name_to_text(name, text));
}

static void tend_all(struct fixture *f, struct refreshed *refreshed)
{
	for (uint32_t i = 0; i < f->settings.chunk_count; i++)
		hf_hot_table_tend(f->table, f->now, note_refresh, refreshed);
}

static void tending_frees_what_has_expired(void **state)
{
	struct fixture *f = *state;
	struct refreshed refreshed = {0};

	publish(f, "short.example.", 60, 10);
	publish(f, "long.example.", 60, 100);
	f->now.mono_ns += 10 * HF_NS_PER_SECOND;
	tend_all(f, &refreshed);
	assert_int_equal(stats(f).entries, 1);
	assert_int_equal(stats(f).expired, 1);
	assert_null(find(f, "short.example."));
	assert_true(holds(f, "long.example."));
}

static void tending_asks_once_to_refresh_what_was_asked_for(void **state)
{
	struct fixture *f = *state;
	struct refreshed refreshed = {0};

	publish(f, "asked.example.", 60, 100);
	publish(f, "quiet.example.", 60, 100);
	find(f, "asked.example.")->mark = 1;
	f->now.mono_ns += 89 * HF_NS_PER_SECOND;
	tend_all(f, &refreshed);
	assert_int_equal(refreshed.count, 0);
	f->now.mono_ns += 2 * HF_NS_PER_SECOND;
	tend_all(f, &refreshed);
	tend_all(f, &refreshed);
	assert_int_equal(refreshed.count, 1);
	assert_string_equal(refreshed.last, "asked.example.");
	assert_int_equal(refreshed.type, 16);
	/* A record that took its place is asked for anew. */
	publish(f, "asked.example.", 60, 100);
	f->now.mono_ns += 95 * HF_NS_PER_SECOND;
	tend_all(f, &refreshed);
	assert_int_equal(refreshed.count, 1);
}

static void count_hits(void *state, uint16_t qtype, uint16_t qclass, uint8_t reply_class,
		       const struct hf_answer_record *record, uint64_t hits)
{
	assert_int_equal(qtype, 16);
	assert_int_equal(qclass, 1);
	assert_int_equal(reply_class, 0);
	assert_int_equal(record->name_length, 13);
	*(uint64_t *)state += hits;
}

static void hits_outlive_replacement(void **state)
{
	struct fixture *f = *state;
	uint64_t hits = 0;

	publish(f, "www.example.", 60, 300);
	find(f, "www.example.")->mark = 129;
	publish(f, "www.example.", 60, 300);
	find(f, "www.example.")->mark = 65;
	hf_hot_table_visit(f->table, f->now, count_hits, &hits);
	assert_int_equal(hits, 194);
	f->now.mono_ns += 300 * HF_NS_PER_SECOND;
	hits = 0;
	hf_hot_table_visit(f->table, f->now, count_hits, &hits); /* expired ones are not shown */
	assert_int_equal(hits, 0);
}

/* ---- readers while the writer works ---- */

enum { NAMES = 2, SECONDS = 2 };

struct reading {
	const struct fixture *f;
	struct room questions[NAMES]; /* composed before the thread starts: numbered() has one buffer */
	bool stop;
	uint64_t read, found, changed;
};

/* Name N's records are filled with one octet throughout, another in each version: a mixture of two shows. */
static void *read_on(void *state)
{
	struct reading *reading = state;
	struct room copy;
	unsigned n = 0;

	while (!__atomic_load_n(&reading->stop, __ATOMIC_RELAXED)) {
		struct hf_answer_record *question = (void *)reading->questions[n++ % NAMES].octets, *record, *mine = (void *)copy.octets;
		__u64 *word = find_word(reading->f, question);
		uint32_t sequence;
		size_t size;
		uint8_t *body;

		reading->read++;
		if (!word)
			continue;
		record = at_place(reading->f, (uint32_t)__atomic_load_n(word, __ATOMIC_ACQUIRE));
		sequence = __atomic_load_n(&record->sequence, __ATOMIC_ACQUIRE);
		if (sequence & 1)
			continue;
		memcpy(copy.octets, record, sizeof(copy));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&record->sequence, __ATOMIC_RELAXED) != sequence) {
			reading->changed++;
			continue;
		}
		if (mine->name_length != question->name_length ||
		    memcmp(mine->data, question->data, question->name_length))
			continue; /* the word was flipped between two reads: another record, whole */
		reading->found++;
		size = HF_RECORD_SIZE(mine->name_length, mine->body_length);
		if (size > HF_SLOT_MAX)
			abort();
		body = mine->data + HF_RECORD_NAME_SPACE(mine->name_length);
		for (unsigned i = 13; i < mine->body_length; i++)
			if (body[i] != body[12]) {
				fprintf(stderr, "a record of two versions was read\n");
				abort();
			}
	}
	return NULL;
}

static void a_reader_never_sees_half_a_record(void **state)
{
	struct fixture *f = *state;
	struct reading reading = {.f = f};
	time_t end = time(NULL) + SECONDS;
	pthread_t thread;
	struct room room;

	for (unsigned i = 0; i < NAMES; i++)
		compose(&reading.questions[i], f, numbered(i), 40, 1, 0);
	assert_int_equal(pthread_create(&thread, NULL, read_on, &reading), 0);
	for (unsigned i = 0; time(NULL) < end; i++) {
		/* The writer's time runs fast, so that slots come back at once and only the sequence guards the reader. */
		f->now.mono_ns += HF_SLOTS_REST_NS;
		assert_true(hf_hot_table_publish(f->table, compose(&room, f, numbered(i % NAMES), (uint16_t)(40 + i % 900), 3000, i),
						 f->now));
	}
	__atomic_store_n(&reading.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	printf("%llu reads, %llu whole, %llu changed under way\n", (unsigned long long)reading.read,
	       (unsigned long long)reading.found, (unsigned long long)reading.changed);
	assert_true(reading.found > 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_published_record_is_found_with_all_its_octets),
		T(what_the_cache_hashed_with_another_secret_is_found_too),
		T(a_newer_record_replaces_and_keeps_the_hits),
		T(reply_classes_are_told_apart),
		T(what_the_kernel_could_not_serve_is_refused),
		T(the_table_fills_to_its_capacity_with_hardly_an_eviction),
		T(unmarked_records_are_let_go_first),
		T(a_flood_never_exceeds_the_capacity),
		T(small_records_leave_room_for_large_ones),
		T(large_records_leave_room_for_small_ones),
		T(a_replaced_slot_rests_before_it_is_used_again),
		T(the_next_writer_finds_every_record),
		T(what_a_killed_writer_left_half_written_is_dropped_and_repaired),
		T(words_that_cannot_be_true_are_cleared),
		T(maps_of_another_version_are_refused),
		T(flushing_takes_a_name_or_all_below_it),
		T(flushing_follows_a_chain_in_the_answer),
		T(tending_frees_what_has_expired),
		T(tending_asks_once_to_refresh_what_was_asked_for),
		T(hits_outlive_replacement),
		T(a_reader_never_sees_half_a_record),
	};

	return cmocka_run_group_tests_name("hot_table", tests, NULL, NULL);
}
