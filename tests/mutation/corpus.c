// SPDX-License-Identifier: BSD-3-Clause
#include "corpus.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const char *path;
	const uint8_t *bytes, *end;
};

static const uint8_t *take(struct reader *reader, size_t length)
{
	const uint8_t *bytes = reader->bytes;

	if ((size_t)(reader->end - bytes) < length) {
		fprintf(stderr, "%s: ends too early\n", reader->path);
		exit(2);
	}
	reader->bytes += length;
	return bytes;
}

static uint64_t number(struct reader *reader, unsigned octets)
{
	const uint8_t *bytes = take(reader, octets);
	uint64_t value = 0;

	while (octets-- > 0)
		value = value << 8 | bytes[octets];
	return value;
}

/* The whole file; stays in memory. */
static struct reader open_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct reader reader = {.path = path};
	uint8_t *bytes = NULL;
	long size = -1;

	if (file && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	if (size >= 0)
		bytes = malloc((size_t)size + 1);
	if (file)
		rewind(file);
	if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
		perror(path);
		exit(2);
	}
	fclose(file);
	reader.bytes = bytes;
	reader.end = bytes + size;
	return reader;
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory) {
		perror("corpus");
		exit(2);
	}
	return memory;
}

static void read_reply(struct reader *reader, struct corpus_reply *reply)
{
	uint8_t level = (uint8_t)number(reader, 1), length = (uint8_t)number(reader, 1);

	reply->key[0] = level;
	memcpy(reply->key + 1, take(reader, length), length);
	memcpy(reply->key + 1 + length, take(reader, 2), 2);
	reply->key_length = (uint16_t)(length + 3);
	reply->length = (uint16_t)number(reader, 2);
	reply->message = take(reader, reply->length);
}

static int compare(const void *a, const void *b)
{
	const struct corpus_reply *x = a, *y = b;

	if (x->key_length != y->key_length)
		return x->key_length < y->key_length ? -1 : 1;
	return memcmp(x->key, y->key, x->key_length);
}

void corpus_load(struct corpus *corpus, const char *path)
{
	struct reader reader = open_file(path);

	if (memcmp(take(&reader, 4), "HFMC", 4) != 0) {
		fprintf(stderr, "%s: no corpus\n", path);
		exit(2);
	}
	corpus->now_s = (int64_t)number(&reader, 8);
	corpus->ds_length = (uint16_t)number(&reader, 2);
	corpus->ds = take(&reader, corpus->ds_length);
	corpus->count = (uint32_t)number(&reader, 4);
	corpus->replies = allocate(corpus->count, sizeof(*corpus->replies));
	for (uint32_t i = 0; i < corpus->count; i++)
		read_reply(&reader, &corpus->replies[i]);
	qsort(corpus->replies, corpus->count, sizeof(*corpus->replies), compare);
}

void corpus_load_cases(struct corpus *corpus, const char *path)
{
	struct reader reader = open_file(path);
	uint32_t room = 0;

	while (reader.bytes < reader.end) {
		struct corpus_case *asked;

		if (corpus->case_count == room) {
			room = room ? 2 * room : 256;
			corpus->cases = realloc(corpus->cases, room * sizeof(*corpus->cases));
			if (!corpus->cases) {
				perror("corpus");
				exit(2);
			}
		}
		asked = &corpus->cases[corpus->case_count++];
		*asked = (struct corpus_case){.number = (uint32_t)number(&reader, 4)};
		asked->name_length = (uint8_t)number(&reader, 1);
		asked->name = take(&reader, asked->name_length);
		asked->type = (uint16_t)number(&reader, 2);
		asked->count = (uint16_t)number(&reader, 2);
		asked->replies = allocate(asked->count, sizeof(*asked->replies));
		for (uint16_t i = 0; i < asked->count; i++)
			read_reply(&reader, &asked->replies[i]);
	}
}

/* Octets of the question's name; 0 when the query is none. */
static size_t name_length(const uint8_t *query, size_t length)
{
	size_t at = 12;

	while (at < length && query[at] != 0 && query[at] < 64)
		at += 1u + query[at];
	return at + 5 <= length && query[at] == 0 ? at + 1 - 12 : 0;
}

const struct corpus_reply *corpus_find(const struct corpus *corpus, struct corpus_case *asked, unsigned level, const uint8_t *query,
				       size_t length)
{
	size_t name = name_length(query, length);
	struct corpus_reply wanted = {.key_length = (uint16_t)(name + 3)};

	if (name == 0)
		return NULL;
	wanted.key[0] = (uint8_t)level;
	for (size_t i = 0; i < name; i++) {
		uint8_t octet = query[12 + i];

		wanted.key[1 + i] = octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet | 0x20) : octet;
	}
	wanted.key[1 + name] = query[12 + name + 1];
	wanted.key[2 + name] = query[12 + name];
	for (uint16_t i = 0; i < asked->count; i++)
		if (compare(&asked->replies[i], &wanted) == 0) {
			asked->delivered++;
			return &asked->replies[i];
		}
	return bsearch(&wanted, corpus->replies, corpus->count, sizeof(wanted), compare);
}

void corpus_tell(const struct corpus_case *asked, const char *verdict, const char *unanswered, const char *why, const uint8_t *reply,
		 size_t length)
{
	printf("%u\t%s\t%u\t%s\t%s\t", asked->number, verdict, asked->delivered, *unanswered ? unanswered : "-", *why ? why : "-");
	for (size_t i = 0; i < length; i++)
		printf("%02x", reply[i]);
	putchar('\n');
}

void corpus_note(char *out, size_t capacity, unsigned level, const uint8_t *query, size_t length)
{
	size_t at = 12, name = name_length(query, length), used = strlen(out);

	if (name == 0 || used + 600 > capacity)
		return;
	used += (size_t)snprintf(out + used, capacity - used, "%s%u:", used ? "," : "", level);
	for (; query[at]; at += 1u + query[at])
		used += (size_t)snprintf(out + used, capacity - used, "%.*s.", query[at], (const char *)query + at + 1);
	snprintf(out + used, capacity - used, "%s/%u", at == 12 ? "." : "", query[12 + name] << 8 | query[12 + name + 1]);
}
