// SPDX-License-Identifier: BSD-3-Clause
/* The kernel tier's writer: buckets of tagged places, records written behind a sequence count. */
#include "hot/table.h"
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cache/record_names.h"
#include "hot/pins.h"
#include "hot/slots.h"
#include "wire/name.h"

/* Live slots that one call of hf_hot_table_tend() looks at. */
enum { TEND_UNITS = 1024 };

/* A body shorter than this is not an RR; the kernel copies in words of eight octets. */
enum { BODY_MIN = 8 };

struct hf_hot_table {
	struct hf_hot_memory memory;
	struct hf_slots *slots;
	uint32_t bucket_count, entries;
	__u64 secret[2];
	uint32_t tended; /* the next place to look at */
	uint32_t turn;	 /* which way of a full bucket goes next */
	struct hf_now now; /* of the last call that was given one */
	struct hf_hot_stats stats;
	/* When opened from pins: */
	int writer_lock; /* -1: none */
	uint32_t settings_id;
	char pin_dir[HF_PINS_PATH_MAX];
};

/* One writer, many readers of the figures. */
#define COUNT(table, field) \
	__atomic_store_n(&(table)->stats.field, (table)->stats.field + 1, __ATOMIC_RELAXED)

static void update_entries(struct hf_hot_table *table)
{
	__atomic_store_n(&table->stats.entries, hf_slots_live(table->slots), __ATOMIC_RELAXED);
}

/* ---- buckets ---- */

static __u64 *word_at(const struct hf_hot_table *table, uint32_t word)
{
	return &table->memory.buckets[word / HF_BUCKET_WAYS].words[word % HF_BUCKET_WAYS];
}

static void store_word(const struct hf_hot_table *table, uint32_t word, __u64 value)
{
	/* Release: the record is whole before anybody finds it. */
	__atomic_store_n(word_at(table, word), value, __ATOMIC_RELEASE);
}

static bool same_question(const struct hf_answer_record *a, const struct hf_answer_record *b)
{
	return a->name_length == b->name_length && a->qtype == b->qtype && a->qclass == b->qclass &&
	       a->reply_class == b->reply_class && memcmp(a->data, b->data, a->name_length) == 0;
}

/* The word that refers to the question of `record` under `key`, -1 for none. */
static int64_t find_word(const struct hf_hot_table *table, const struct hf_answer_record *record, __u64 key)
{
	uint32_t buckets[2] = {hf_hot_first(key, table->bucket_count), hf_hot_second(key, table->bucket_count)};
	uint32_t tag = hf_hot_tag(key);

	for (unsigned i = 0; i < 2; i++)
		for (uint32_t way = 0; way < HF_BUCKET_WAYS; way++) {
			uint32_t word = buckets[i] * HF_BUCKET_WAYS + way;
			__u64 value = *word_at(table, word);

			if (value && value >> 32 == tag &&
			    same_question(hf_slots_record(table->slots, (uint32_t)value), record))
				return word;
		}
	return -1;
}

static void remove_record(struct hf_hot_table *table, uint32_t place, struct hf_now now)
{
	store_word(table, hf_slots_meta(table->slots, place)->word, 0);
	hf_slots_retire(table->slots, place, now);
}

/* A word for a new record: a free one of the first bucket, else of the second; of two full ones, lets go the first record that is expired
 * or unmarked. */
static uint32_t free_word(struct hf_hot_table *table, __u64 key, struct hf_now now)
{
	uint32_t buckets[2] = {hf_hot_first(key, table->bucket_count), hf_hot_second(key, table->bucket_count)};
	uint32_t word, place;

	for (unsigned i = 0; i < 2; i++)
		for (uint32_t way = 0; way < HF_BUCKET_WAYS; way++) {
			word = buckets[i] * HF_BUCKET_WAYS + way;
			if (*word_at(table, word) == 0)
				return word;
		}

	/* Two rounds at most: the first clears the marks that it passes. */
	for (unsigned step = 0;; step++) {
		uint32_t turn = table->turn++ % (2 * HF_BUCKET_WAYS);
		struct hf_answer_record *record;
		struct hf_slot_meta *meta;

		word = buckets[turn / HF_BUCKET_WAYS] * HF_BUCKET_WAYS + turn % HF_BUCKET_WAYS;
		place = (uint32_t)*word_at(table, word);
		record = hf_slots_record(table->slots, place);
		meta = hf_slots_meta(table->slots, place);
		if (record->fresh_until_ns <= now.mono_ns || !record->mark || step >= 2 * HF_BUCKET_WAYS)
			break;
		meta->hits += record->mark;
		meta->was_marked = true;
		__atomic_store_n(&record->mark, 0, __ATOMIC_RELAXED);
	}
	remove_record(table, place, now);
	COUNT(table, evicted);
	return word;
}

/* ---- records ---- */

/* Fills a slot that nothing refers to. Sequence odd, record, sequence even: a reader that came here by a word it read long ago sees
 * that the record is not the one it meant. */
static void write_record(struct hf_answer_record *slot, const struct hf_answer_record *record, const __u64 key[2])
{
	uint32_t sequence = slot->sequence | 1;
	size_t size = HF_RECORD_SIZE(record->name_length, record->body_length);
	size_t skip = offsetof(struct hf_answer_record, mark);

	__atomic_store_n(&slot->sequence, sequence, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy((uint8_t *)slot + skip, (const uint8_t *)record + skip, size - skip);
	slot->mark = 0;
	slot->reserved[0] = slot->reserved[1] = 0; /* compared as part of the question word */
	slot->odd_ttls = 0;
	for (unsigned i = 0; i < record->ttl_count; i++)
		slot->odd_ttls += record->ttl_offsets[i] & 1;
	slot->key[0] = key[0];
	slot->key[1] = key[1];
	__atomic_store_n(&slot->sequence, sequence + 1, __ATOMIC_RELEASE);
}

/* What the kernel relies on. A record that breaks it would be a fault of ours, never served, but it could occupy a place. */
static bool is_servable(const struct hf_answer_record *record)
{
	const uint8_t *body = record->data + HF_RECORD_NAME_SPACE(record->name_length);

	if (record->name_length == 0 || record->qclass != 1 || record->ttl_count > HF_RECORD_TTLS_MAX ||
	    record->body_length > HF_RECORD_BODY_MAX || (record->body_length && record->body_length < BODY_MIN))
		return false;
	/* hf_record_age() counts as far as this; a week of TTL is far below. */
	if (record->fresh_until_ns < record->base_ns || record->fresh_until_ns - record->base_ns >= UINT64_C(1) << 53)
		return false;
	for (unsigned i = 0; i < record->ttl_count; i++) {
		__be32 ttl;

		if (record->ttl_offsets[i] + 4u > record->body_length)
			return false;
		memcpy(&ttl, body + record->ttl_offsets[i], sizeof(ttl));
		/* Else it would be aged below zero. */
		if ((record->fresh_until_ns - record->base_ns) / HF_NS_PER_SECOND > be32toh(ttl))
			return false;
	}
	return true;
}

static void key_of(const struct hf_hot_table *table, const struct hf_answer_record *record, __u64 key[2])
{
	hf_question_key(table->secret, record->data, record->name_length, record->qtype, record->qclass,
			record->reply_class, key);
}

static bool evict(struct hf_hot_table *table, int class, struct hf_now now)
{
	uint32_t victim = hf_slots_victim(table->slots, class);

	if (!victim)
		return false;
	remove_record(table, victim, now);
	COUNT(table, evicted);
	return true;
}

bool hf_hot_table_publish(struct hf_hot_table *table, const struct hf_answer_record *record, struct hf_now now)
{
	struct hf_slot_meta *meta;
	int64_t former;
	uint32_t place, word;
	bool evicted = false;
	int class;
	__u64 key[2];

	table->now = now;
	if (!is_servable(record) || record->fresh_until_ns <= now.mono_ns)
		goto rejected;
	key_of(table, record, key);
	class = hf_slots_class(HF_RECORD_SIZE(record->name_length, record->body_length));
	if (class < 0)
		goto rejected;
	former = find_word(table, record, key[0]);
	if (former < 0 && hf_slots_live(table->slots) >= table->entries)
		evicted |= evict(table, class, now);
	if (hf_slots_is_short(table->slots, class))
		evicted |= evict(table, class, now); /* so that one has rested when the next record comes */
	place = hf_slots_take(table->slots, class, now);
	if (!place)
		goto rejected;
	write_record(hf_slots_record(table->slots, place), record, key);
	meta = hf_slots_meta(table->slots, place);

	if (evicted) /* perhaps just the one that this record replaces */
		former = find_word(table, record, key[0]);
	if (former >= 0) {
		uint32_t replaced = (uint32_t)*word_at(table, (uint32_t)former);
		struct hf_slot_meta *replaced_meta = hf_slots_meta(table->slots, replaced);

		word = (uint32_t)former;
		meta->hits = replaced_meta->hits + hf_slots_record(table->slots, replaced)->mark;
		store_word(table, word, (__u64)hf_hot_tag(key[0]) << 32 | place);
		hf_slots_retire(table->slots, replaced, now);
		COUNT(table, replaced);
	} else {
		word = free_word(table, key[0], now);
		store_word(table, word, (__u64)hf_hot_tag(key[0]) << 32 | place);
	}
	hf_slots_enter(table->slots, place, word);
	COUNT(table, published);
	update_entries(table);
	return true;

rejected:
	COUNT(table, rejected);
	return false;
}

bool hf_hot_table_holds(const struct hf_hot_table *table, const struct hf_answer_record *record, struct hf_now now)
{
	__u64 key[2];
	int64_t word;

	key_of(table, record, key);
	word = find_word(table, record, key[0]);
	return word >= 0 &&
	       hf_slots_record(table->slots, (uint32_t)*word_at(table, (uint32_t)word))->fresh_until_ns > now.mono_ns;
}

size_t hf_hot_table_flush_if(struct hf_hot_table *table,
			     bool (*matches)(void *state, const struct hf_answer_record *record), void *state)
{
	size_t removed = 0;

	for (uint32_t place = 0; place < hf_slots_end(table->slots); place++) {
		if (!hf_slots_meta(table->slots, place)->live ||
		    !matches(state, hf_slots_record(table->slots, place)))
			continue;
		remove_record(table, place, table->now);
		removed++;
	}
	update_entries(table);
	return removed;
}

static bool speaks_of(void *wanted, const struct hf_answer_record *record)
{
	return hf_record_names_any(record, hf_record_names_wanted, wanted);
}

size_t hf_hot_table_flush(struct hf_hot_table *table, const uint8_t *name, bool subtree)
{
	struct hf_record_names_wanted wanted = {name, subtree};

	return hf_hot_table_flush_if(table, speaks_of, &wanted);
}

void hf_hot_table_tend(struct hf_hot_table *table, struct hf_now now,
		       void (*refresh)(void *state, const uint8_t *name, uint16_t qtype, uint16_t qclass), void *state)
{
	uint32_t end = hf_slots_end(table->slots);

	table->now = now;
	for (unsigned i = 0; i < TEND_UNITS; i++) {
		uint32_t place = table->tended < end ? table->tended : 0;
		struct hf_slot_meta *meta = hf_slots_meta(table->slots, place);
		struct hf_answer_record *record = hf_slots_record(table->slots, place);

		table->tended = place + 1;
		if (!meta->live)
			continue;
		if (record->fresh_until_ns <= now.mono_ns) {
			remove_record(table, place, now);
			COUNT(table, expired);
			continue;
		}
		if (refresh && !meta->refreshing && (meta->was_marked || record->mark) &&
		    record->fresh_until_ns - now.mono_ns < (record->fresh_until_ns - record->base_ns) / 10) {
			meta->refreshing = true;
			refresh(state, record->data, record->qtype, record->qclass);
		}
	}
	update_entries(table);
}

void hf_hot_table_visit(struct hf_hot_table *table, struct hf_now now,
			void (*visit)(void *state, uint16_t qtype, uint16_t qclass, uint8_t reply_class,
				      const struct hf_answer_record *record, uint64_t hits),
			void *state)
{
	for (uint32_t place = 0; place < hf_slots_end(table->slots); place++) {
		const struct hf_slot_meta *meta = hf_slots_meta(table->slots, place);
		const struct hf_answer_record *record = hf_slots_record(table->slots, place);

		if (meta->live && record->fresh_until_ns > now.mono_ns)
			visit(state, record->qtype, record->qclass, record->reply_class, record,
			      (uint64_t)meta->hits + record->mark);
	}
}

void hf_hot_table_stats(const struct hf_hot_table *table, struct hf_hot_stats *stats)
{
	stats->entries = __atomic_load_n(&table->stats.entries, __ATOMIC_RELAXED);
	stats->capacity = table->entries;
	stats->published = __atomic_load_n(&table->stats.published, __ATOMIC_RELAXED);
	stats->replaced = __atomic_load_n(&table->stats.replaced, __ATOMIC_RELAXED);
	stats->evicted = __atomic_load_n(&table->stats.evicted, __ATOMIC_RELAXED);
	stats->expired = __atomic_load_n(&table->stats.expired, __ATOMIC_RELAXED);
	stats->rejected = __atomic_load_n(&table->stats.rejected, __ATOMIC_RELAXED);
}

/* ---- opening ---- */

/* Whether the word may stay as a former writer left it: one whole record, under its own key, in one of its own buckets. */
static bool is_sound(struct hf_hot_table *table, uint32_t word, __u64 value)
{
	uint32_t place = (uint32_t)value, bucket = word / HF_BUCKET_WAYS;
	const struct hf_answer_record *record;
	uint8_t name[HF_NAME_MAX];
	size_t size, offset = 0;
	__u64 key[2];

	if (!hf_slots_is_slot(table->slots, place, &size) || hf_slots_meta(table->slots, place)->live)
		return false;
	record = hf_slots_record(table->slots, place);
	if (record->sequence & 1 || !is_servable(record) ||
	    HF_RECORD_SIZE(record->name_length, record->body_length) > size ||
	    hf_name_parse(record->data, record->name_length, &offset, name) != record->name_length)
		return false;
	key_of(table, record, key);
	return value >> 32 == hf_hot_tag(key[0]) && find_word(table, record, key[0]) == word &&
	       (bucket == hf_hot_first(key[0], table->bucket_count) ||
		bucket == hf_hot_second(key[0], table->bucket_count));
}

struct hf_hot_table *hf_hot_table_over(const struct hf_hot_memory *memory, char error[256])
{
	const struct hf_fastpath_settings *settings = memory->settings;
	struct hf_hot_table *table;

	if (settings->abi_version != HF_ABI_VERSION) {
		snprintf(error, 256, "the fast path's maps have version %u, this program speaks %u", settings->abi_version,
			 HF_ABI_VERSION);
		return NULL;
	}
	table = calloc(1, sizeof(*table));
	if (table)
		table->slots = hf_slots_new(memory->chunks, settings->chunk_count);
	if (!table || !table->slots) {
		snprintf(error, 256, "no memory for the hot table");
		free(table);
		return NULL;
	}
	table->memory = *memory;
	table->writer_lock = -1;
	table->bucket_count = settings->bucket_count;
	table->entries = settings->entries;
	table->secret[0] = settings->secret[0];
	table->secret[1] = settings->secret[1];
	for (uint32_t word = 0; word < table->bucket_count * HF_BUCKET_WAYS; word++) {
		__u64 value = *word_at(table, word);

		if (!value)
			continue;
		if (is_sound(table, word, value))
			hf_slots_adopt(table->slots, (uint32_t)value, word);
		else
			store_word(table, word, 0);
	}
	hf_slots_adopted(table->slots);
	update_entries(table);
	return table;
}

/* Maps what the settings' figures say; the two other maps' shapes are checked against them. */
static bool map_pins(const char *pin_dir, struct hf_hot_memory *memory, uint32_t *settings_id, char error[256])
{
	int settings = hf_pins_open(pin_dir, HF_PIN_SETTINGS, error), buckets = -1, chunks = -1;
	bool done = false;

	if (settings < 0)
		return false;
	*settings_id = hf_pins_map_id(settings);
	memory->settings = hf_pins_map(settings, HF_PIN_SETTINGS, sizeof(*memory->settings), 1, error);
	if (!memory->settings)
		goto out;
	if (memory->settings->abi_version != HF_ABI_VERSION) {
		snprintf(error, 256, "%.150s: maps of version %u, this program speaks %u", pin_dir,
			 memory->settings->abi_version, HF_ABI_VERSION);
		goto out;
	}
	buckets = hf_pins_open(pin_dir, HF_PIN_BUCKETS, error);
	chunks = buckets < 0 ? -1 : hf_pins_open(pin_dir, HF_PIN_CHUNKS, error);
	if (chunks < 0)
		goto out;
	memory->buckets = hf_pins_map(buckets, HF_PIN_BUCKETS, sizeof(struct hf_hot_bucket),
				      memory->settings->bucket_count, error);
	memory->chunks = memory->buckets ? hf_pins_map(chunks, HF_PIN_CHUNKS, HF_CHUNK_SIZE,
						       memory->settings->chunk_count, error) : NULL;
	done = memory->chunks;
out:
	close(settings);
	if (buckets >= 0)
		close(buckets);
	if (chunks >= 0)
		close(chunks);
	return done;
}

static void unmap_pins(struct hf_hot_memory *memory)
{
	if (!memory->settings)
		return;
	hf_pins_unmap(memory->chunks, HF_CHUNK_SIZE, memory->settings->chunk_count);
	hf_pins_unmap(memory->buckets, sizeof(struct hf_hot_bucket), memory->settings->bucket_count);
	hf_pins_unmap(memory->settings, sizeof(*memory->settings), 1);
}

struct hf_hot_table *hf_hot_table_open(const char *pin_dir, uint64_t secret[2], char error[256])
{
	struct hf_hot_memory memory = {0};
	struct hf_hot_table *table = NULL;
	char writer[HF_PINS_PATH_MAX + 32];
	uint32_t settings_id;
	int lock;

	snprintf(writer, sizeof(writer), "%s/%s", pin_dir, HF_PIN_WRITER);
	lock = hf_pins_lock(writer);
	if (lock < 0) {
		if (errno == EWOULDBLOCK)
			snprintf(error, 256, "%.180s: another process writes this hot table", pin_dir);
		else
			snprintf(error, 256, "%.180s: %s%s", writer, strerror(errno),
				 errno == ENOENT   ? " (the fast path is not loaded)"
				 : errno == EACCES ? " (only root may open it: start again)"
						   : "");
		return NULL;
	}
	if (map_pins(pin_dir, &memory, &settings_id, error))
		table = hf_hot_table_over(&memory, error);
	if (!table) {
		unmap_pins(&memory);
		close(lock);
		return NULL;
	}
	table->writer_lock = lock;
	table->settings_id = settings_id;
	snprintf(table->pin_dir, sizeof(table->pin_dir), "%s", pin_dir);
	if (secret) {
		secret[0] = table->secret[0];
		secret[1] = table->secret[1];
	}
	return table;
}

bool hf_hot_table_is_current(const struct hf_hot_table *table)
{
	char error[256];
	int settings;
	bool same;

	if (table->writer_lock < 0)
		return true;
	if (__atomic_load_n(&table->memory.settings->abi_version, __ATOMIC_RELAXED) != HF_ABI_VERSION)
		return false;
	settings = hf_pins_open(table->pin_dir, HF_PIN_SETTINGS, error);
	/* Who has given up root may no longer look at the pins, but the maps stay open. */
	if (settings < 0)
		return errno == EACCES || errno == EPERM;
	same = hf_pins_map_id(settings) == table->settings_id;
	close(settings);
	return same;
}

void hf_hot_table_close(struct hf_hot_table *table)
{
	if (!table)
		return;
	if (table->writer_lock >= 0) {
		unmap_pins(&table->memory);
		close(table->writer_lock);
	}
	hf_slots_free(table->slots);
	free(table);
}
