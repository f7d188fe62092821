// SPDX-License-Identifier: BSD-3-Clause
/* Places for records: chunks, free and resting slots, SIEVE queues. */
#include "hot/slots.h"
#include <stdlib.h>
#include <string.h>

/* Most answers take less than 256 octets; signed ones 300 to 1,100. Units of HF_CHUNK_UNIT. */
static const uint8_t class_units[HF_SLOTS_CLASSES] = {1, 2, 4, 7};

/* Unit 0 of a chunk in use, so that the next writer knows how it is cut. */
struct chunk_header {
	uint32_t magic;
	uint32_t units; /* in a slot */
};

#define CHUNK_MAGIC 0x68666331 /* "hfc1" */

/* How many slots a class keeps free or resting by letting go of records early, once no chunk is left. */
enum { RESERVE = 64 };

/* SIEVE looks at so many records at most before it takes the next one, marked or not: a bound on the time of one publication. */
enum { HAND_STEPS = 256 };

struct class_state {
	uint32_t newest, oldest, hand; /* SIEVE queue; 0: empty, or the hand starts at the oldest */
	uint32_t free;		       /* list by `newer` */
	uint32_t rest_first, rest_last; /* the same, in the order of their coming */
	uint32_t chunks, live, spare;  /* spare: free and resting slots */
};

struct hf_slots {
	uint8_t *chunks;
	uint32_t chunk_count, next_chunk; /* chunks from next_chunk on have no class yet, but for those adopted */
	struct class_state classes[HF_SLOTS_CLASSES];
	struct hf_slot_meta *meta; /* one a unit */
	uint64_t *rested_ns;	   /* one a unit: until when it rests */
	uint32_t unassigned, live;
};

static struct chunk_header *header_of(const struct hf_slots *slots, uint32_t chunk)
{
	return (struct chunk_header *)(slots->chunks + (size_t)chunk * HF_CHUNK_SIZE);
}

static int class_of_chunk(const struct hf_slots *slots, uint32_t chunk)
{
	const struct chunk_header *header = header_of(slots, chunk);

	if (header->magic == CHUNK_MAGIC)
		for (int class = 0; class < HF_SLOTS_CLASSES; class++)
			if (class_units[class] == header->units)
				return class;
	return -1;
}

struct hf_slots *hf_slots_new(uint8_t *chunks, uint32_t chunk_count)
{
	struct hf_slots *slots = calloc(1, sizeof(*slots));
	size_t units = (size_t)chunk_count * HF_CHUNK_UNITS;

	if (!slots)
		return NULL;
	slots->chunks = chunks;
	slots->chunk_count = chunk_count;
	slots->unassigned = chunk_count;
	slots->meta = calloc(units, sizeof(*slots->meta));
	slots->rested_ns = calloc(units, sizeof(*slots->rested_ns));
	if (!slots->meta || !slots->rested_ns) {
		hf_slots_free(slots);
		return NULL;
	}
	for (uint32_t chunk = 0; chunk < chunk_count; chunk++) {
		int class = class_of_chunk(slots, chunk);

		if (class >= 0) {
			slots->classes[class].chunks++;
			slots->unassigned--;
		}
	}
	return slots;
}

void hf_slots_free(struct hf_slots *slots)
{
	if (!slots)
		return;
	free(slots->meta);
	free(slots->rested_ns);
	free(slots);
}

struct hf_slot_meta *hf_slots_meta(struct hf_slots *slots, uint32_t place)
{
	return &slots->meta[place];
}

struct hf_answer_record *hf_slots_record(const struct hf_slots *slots, uint32_t place)
{
	return (struct hf_answer_record *)(slots->chunks + (size_t)place * HF_CHUNK_UNIT);
}

uint32_t hf_slots_end(const struct hf_slots *slots)
{
	return slots->chunk_count * HF_CHUNK_UNITS;
}

size_t hf_slots_live(const struct hf_slots *slots)
{
	return slots->live;
}

bool hf_slots_is_slot(const struct hf_slots *slots, uint32_t place, size_t *size)
{
	uint32_t chunk = place / HF_CHUNK_UNITS, unit = place % HF_CHUNK_UNITS;
	unsigned units;
	int class;

	if (chunk >= slots->chunk_count || unit == 0)
		return false;
	class = class_of_chunk(slots, chunk);
	if (class < 0)
		return false;
	units = class_units[class];
	*size = units * HF_CHUNK_UNIT;
	return (unit - 1) % units == 0 && unit <= HF_CHUNK_LAST_UNIT;
}

int hf_slots_class(size_t size)
{
	for (int class = 0; class < HF_SLOTS_CLASSES; class++)
		if (size <= (size_t)class_units[class] * HF_CHUNK_UNIT)
			return class;
	return -1;
}

/* ---- the SIEVE queue ---- */

void hf_slots_enter(struct hf_slots *slots, uint32_t place, uint32_t word)
{
	struct hf_slot_meta *meta = &slots->meta[place];
	struct class_state *class = &slots->classes[meta->class];

	meta->word = word;
	meta->live = true;
	meta->newer = 0;
	meta->older = class->newest;
	if (class->newest)
		slots->meta[class->newest].newer = place;
	else
		class->oldest = place;
	class->newest = place;
	class->live++;
	slots->live++;
}

static void leave(struct hf_slots *slots, uint32_t place)
{
	struct hf_slot_meta *meta = &slots->meta[place];
	struct class_state *class = &slots->classes[meta->class];

	if (class->hand == place)
		class->hand = meta->newer;
	if (meta->newer)
		slots->meta[meta->newer].older = meta->older;
	else
		class->newest = meta->older;
	if (meta->older)
		slots->meta[meta->older].newer = meta->newer;
	else
		class->oldest = meta->newer;
	meta->live = false;
	class->live--;
	slots->live--;
}

uint32_t hf_slots_victim(struct hf_slots *slots, int wanted)
{
	struct class_state *class = &slots->classes[wanted];
	uint32_t place;

	/* A class with few records does not pay for a table that the others fill. */
	if (class->live < slots->live / 16)
		for (int other = 0; other < HF_SLOTS_CLASSES; other++)
			if (slots->classes[other].live > class->live)
				class = &slots->classes[other];
	if (class->live == 0)
		return 0;
	place = class->hand ? class->hand : class->oldest;
	for (unsigned step = 0; step < HAND_STEPS; step++) {
		struct hf_answer_record *record = hf_slots_record(slots, place);
		struct hf_slot_meta *meta = &slots->meta[place];
		uint32_t mark = __atomic_load_n(&record->mark, __ATOMIC_RELAXED);

		if (mark == 0)
			break;
		/* A hit counted between the load and this store is lost to the estimate, no more. */
		__atomic_store_n(&record->mark, 0, __ATOMIC_RELAXED);
		meta->hits += mark;
		meta->was_marked = true;
		place = meta->newer ? meta->newer : class->oldest;
	}
	class->hand = slots->meta[place].newer;
	return place;
}

/* ---- free and resting slots ---- */

static void put_free(struct hf_slots *slots, uint32_t place)
{
	struct hf_slot_meta *meta = &slots->meta[place];

	meta->newer = slots->classes[meta->class].free;
	slots->classes[meta->class].free = place;
}

static void cut(struct hf_slots *slots, uint32_t chunk, int class, bool keep_live)
{
	unsigned units = class_units[class];

	/* Highest first, so that the list hands out ascending places. */
	for (int unit = HF_CHUNK_LAST_UNIT - (HF_CHUNK_LAST_UNIT - 1) % (int)units; unit >= 1; unit -= (int)units) {
		uint32_t place = chunk * HF_CHUNK_UNITS + (uint32_t)unit;

		if (keep_live && slots->meta[place].live)
			continue;
		slots->meta[place].class = (uint8_t)class;
		put_free(slots, place);
		slots->classes[class].spare++;
	}
}

void hf_slots_adopt(struct hf_slots *slots, uint32_t place, uint32_t word)
{
	slots->meta[place].class = (uint8_t)class_of_chunk(slots, place / HF_CHUNK_UNITS);
	hf_slots_enter(slots, place, word);
}

void hf_slots_adopted(struct hf_slots *slots)
{
	for (uint32_t chunk = 0; chunk < slots->chunk_count; chunk++) {
		int class = class_of_chunk(slots, chunk);

		if (class >= 0)
			cut(slots, chunk, class, true);
	}
}

/* Cuts a new chunk for `class`, unless the last ones are kept for classes that have not had their sixteenth. */
static bool add_chunk(struct hf_slots *slots, int class)
{
	uint32_t share = slots->chunk_count / 16, kept = 0;
	struct chunk_header *header;

	for (int other = 0; other < HF_SLOTS_CLASSES; other++)
		if (other != class && slots->classes[other].chunks < share)
			kept += share - slots->classes[other].chunks;
	if (slots->unassigned <= kept && !(slots->unassigned > 0 && slots->classes[class].chunks < share))
		return false;
	while (class_of_chunk(slots, slots->next_chunk) >= 0)
		slots->next_chunk++;
	header = header_of(slots, slots->next_chunk);
	header->units = class_units[class];
	__atomic_store_n(&header->magic, CHUNK_MAGIC, __ATOMIC_RELEASE);
	cut(slots, slots->next_chunk, class, false);
	slots->classes[class].chunks++;
	slots->unassigned--;
	return true;
}

uint32_t hf_slots_take(struct hf_slots *slots, int wanted, struct hf_now now)
{
	struct class_state *class = &slots->classes[wanted];
	uint32_t place = class->rest_first;

	if (place && slots->rested_ns[place] <= now.mono_ns) {
		class->rest_first = slots->meta[place].newer;
		if (!class->rest_first)
			class->rest_last = 0;
	} else {
		if (!class->free && !add_chunk(slots, wanted))
			return 0;
		place = class->free;
		class->free = slots->meta[place].newer;
	}
	class->spare--;
	slots->meta[place].hits = 0;
	slots->meta[place].was_marked = false;
	slots->meta[place].refreshing = false;
	return place;
}

void hf_slots_retire(struct hf_slots *slots, uint32_t place, struct hf_now now)
{
	struct hf_slot_meta *meta = &slots->meta[place];
	struct class_state *class = &slots->classes[meta->class];

	leave(slots, place);
	meta->newer = 0;
	slots->rested_ns[place] = now.mono_ns + HF_SLOTS_REST_NS;
	if (class->rest_last)
		slots->meta[class->rest_last].newer = place;
	else
		class->rest_first = place;
	class->rest_last = place;
	class->spare++;
}

bool hf_slots_is_short(const struct hf_slots *slots, int wanted)
{
	const struct class_state *class = &slots->classes[wanted];
	uint32_t reserve = class->live / 8 < RESERVE ? class->live / 8 : RESERVE;

	return slots->unassigned <= slots->chunk_count / 16 * (HF_SLOTS_CLASSES - 1) && class->spare < reserve;
}
