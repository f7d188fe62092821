// SPDX-License-Identifier: BSD-3-Clause
/* Composing, publishing. */
#include "answers.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "frames.h"
#include "hot/pins.h"
#include "wire/reply.h"

enum { AGE_MAX = 110 }; /* seconds; what the tests ask for, and some more */

struct hf_now answers_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (struct hf_now){.mono_ns = (uint64_t)time.tv_sec * HF_NS_PER_SECOND + (uint64_t)time.tv_nsec};
}

void answers_open(struct answers *answers, unsigned entries)
{
	struct hf_address services[2];
	struct hf_loader_config config = {.entries = entries, .edns_size = 1232, .services = services, .service_count = 2};
	char error[HF_LOADER_ERROR_MAX];

	assert(hf_address_from_text(FRAME_SERVICE4, 53, &services[0]) && hf_address_from_text(FRAME_SERVICE6, 53, &services[1]));
	if (geteuid() != 0) {
		printf("skipped: loading a program needs root\n");
		exit(77);
	}
	while (answers_now().mono_ns < AGE_MAX * HF_NS_PER_SECOND)
		sleep(1); /* the machine has only just started: records cannot be older than its clock */
	memset(answers, 0, sizeof(*answers));
	answers->loader = hf_loader_load(&config, frame_host_mac, error);
	if (!answers->loader) {
		printf("%s\n", error);
		exit(strstr(error, "CAP_BPF") ? 77 : 1);
	}
	answers->memory.settings = hf_pins_map(hf_loader_map_fd(answers->loader, HF_PIN_SETTINGS), "settings",
					       sizeof(struct hf_fastpath_settings), 1, error);
	assert(answers->memory.settings);
	answers->memory.buckets = hf_pins_map(hf_loader_map_fd(answers->loader, HF_PIN_BUCKETS), "buckets",
					      sizeof(struct hf_hot_bucket), answers->memory.settings->bucket_count, error);
	answers->memory.chunks = hf_pins_map(hf_loader_map_fd(answers->loader, HF_PIN_CHUNKS), "chunks", HF_CHUNK_SIZE,
					     answers->memory.settings->chunk_count, error);
	assert(answers->memory.buckets && answers->memory.chunks);
	answers->table = hf_hot_table_over(&answers->memory, error);
	assert(answers->table);
	answers->secret[0] = answers->memory.settings->secret[0];
	answers->secret[1] = answers->memory.settings->secret[1];
}

void answers_close(struct answers *answers)
{
	hf_hot_table_close(answers->table);
	hf_pins_unmap(answers->memory.chunks, HF_CHUNK_SIZE, answers->memory.settings->chunk_count);
	hf_pins_unmap(answers->memory.buckets, sizeof(struct hf_hot_bucket), answers->memory.settings->bucket_count);
	hf_pins_unmap(answers->memory.settings, sizeof(struct hf_fastpath_settings), 1);
	hf_loader_close(answers->loader);
}

size_t answers_compose(const struct answers *answers, const struct answer *spec, struct hf_answer_record *record)
{
	struct hf_arena *arena = hf_arena_new(1 << 20);
	const struct hf_rrset *sets[HF_RECORD_TTLS_MAX];
	struct hf_answer answer = {.rcode = spec->rcode, .authentic = spec->authentic};
	uint8_t name[HF_NAME_MAX + 8] = {0}, rdata[2048];
	struct hf_now composed = answers_now();
	size_t size;

	/* Half a second more, so that the kernel's coarse clock and ours count the same whole seconds. */
	composed.mono_ns -= spec->age * HF_NS_PER_SECOND + HF_NS_PER_SECOND / 2;
	assert(arena && hf_name_from_text(spec->name, name));
	hf_name_lower(name, name);
	for (unsigned i = 0; i < spec->count; i++) {
		struct hf_rdata one = {.bytes = rdata, .length = spec->rdata_length};

		for (size_t j = 0; j < spec->rdata_length; j++)
			rdata[j] = (uint8_t)(i * 41 + j * 7 + 3);
		sets[i] = hf_rrset_make(arena, name, spec->type, 1, spec->ttl + i, &one, 1, 0);
		assert(sets[i]);
	}
	if (spec->count) {
		answer.sections[HF_SECTION_ANSWER] = sets;
		answer.section_counts[HF_SECTION_ANSWER] = spec->count;
	} else if (!spec->bare) {
		static const uint8_t soa[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5};
		struct hf_rdata one = {.bytes = soa, .length = sizeof(soa)};

		sets[0] = hf_rrset_make(arena, hf_name_root, 6, 1, spec->ttl, &one, 1, 0);
		assert(sets[0]);
		answer.sections[HF_SECTION_AUTHORITY] = sets;
		answer.section_counts[HF_SECTION_AUTHORITY] = 1;
	}
	size = hf_answer_compose(&answer, answers->secret, name, spec->type, 1, spec->reply_class,
				 spec->bare ? spec->ttl : 86400, composed, record, ANSWER_SIZE_MAX);
	assert(size);
	hf_arena_free(arena);
	return size;
}

void answers_publish(struct answers *answers, const struct answer *spec)
{
	uint64_t room[ANSWER_SIZE_MAX / 8];
	struct hf_answer_record *record = (struct hf_answer_record *)room;
	/* A record that has expired since is published at a time when it was fresh. */
	struct hf_now now = answers_now();

	answers_compose(answers, spec, record);
	now.mono_ns = record->base_ns;
	if (!hf_hot_table_publish(answers->table, record, now)) {
		printf("%s is not taken by the table\n", spec->name);
		abort();
	}
}
