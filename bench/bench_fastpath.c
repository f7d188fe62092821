// SPDX-License-Identifier: BSD-3-Clause
/* Nanoseconds per frame of the kernel fast path, by BPF_PROG_TEST_RUN: hits over tables of 1, 16 k and 64 k names asked for in random order,
 * misses, frames that are none of its business, and the price of IPv6, EDNS and larger answers; beside the program that merely
 * turns a frame round. And of publishing a record from userspace.
 *
 * Figures are times per run, without what it costs to put the next frame in place (measured in the same
 * round), but with a test run's own loop, some 4 ns. Every row is the whole program, unchanged, with the answer's frame grown and,
 * before the next run, shrunk again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "bench/measure.h"
#include "fastpath_bench.skel.h"
#include "hot/pins.h"
#include "tests/bpf/answers.h"
#include "tests/bpf/frames.h"

enum { ROUNDS = 9, NAMES = 65536, SMALL = 16384, REPEAT = 262144, FRAME_ROOM = 192 };
static unsigned rounds = ROUNDS, repeat = REPEAT; /* or as the command line says: many short runs see through a busy machine */

/* One kind of frame. */
struct kind {
	const char *name;
	uint32_t frames; /* how many different ones, a power of two */
	struct frame_query query;
	const char *format; /* of the name, from a number */
	uint32_t verdict;
	struct answers *answers; /* NULL: the large table */
	bool not_udp, serialised;
	unsigned rules; /* of access control, around the client's address; 0: none */
	struct fastpath_bench *bench;
	struct measure_row row, restore;
};

/* A table of each size, as residency in the caches decides. */
static struct answers large, small;

static struct kind kinds[] = {
	{"hit, 1 name", 1, {.name = "", .type = 28}, "abcdefg%08u.zones.", XDP_TX},
	{"hit, 16,384 names, uniform", SMALL, {.name = "", .type = 28}, "abcdefg%08u.zones.", XDP_TX, &small},
	{"hit, 65,536 names, uniform", NAMES, {.name = "", .type = 28}, "abcdefg%08u.zones.", XDP_TX},
	{"miss, 65,536 names", NAMES, {.name = "", .type = 28}, "abcdefx%08u.zones.", XDP_PASS},
	{"miss, 1 name", 1, {.name = "", .type = 28}, "abcdefx%08u.zones.", XDP_PASS},
	{"not DNS: TCP", 1, {.name = "", .type = 28}, "abcdefg%08u.zones.", XDP_PASS, .not_udp = true},
	{"not DNS: UDP to another port", 1, {.name = "", .port = 4433}, "abcdefg%08u.zones.", XDP_PASS},
	{"hit, 1 name, one frame at a time", 1, {.name = "", .type = 28}, "abcdefg%08u.zones.", XDP_TX, .serialised = true},
	{"hit over IPv6", 1, {.name = "", .type = 28, .v6 = true}, "abcdefg%08u.zones.", XDP_TX},
	{"hit with EDNS and DO", 1, {.name = "", .type = 28, .edns = 1232, .dnssec_ok = true}, "abcdefg%08u.zones.", XDP_TX},
	{"hit, 512 octets", 1, {.name = "", .edns = 1232, .type = 65400}, "abcdefg%08u.zones.", XDP_TX},
	{"hit, 1,200 octets", 1, {.name = "", .edns = 1232, .type = 65401}, "abcdefg%08u.zones.", XDP_TX},
	{"hit, 16 access rules", 1, {.name = "", .type = 28}, "abcdefg%08u.zones.", XDP_TX, .rules = 16},
	{"hit, 4,096 access rules", 1, {.name = "", .type = 28}, "abcdefg%08u.zones.", XDP_TX, .rules = 4096},
	{"hit over IPv6, 16 access rules", 1, {.name = "", .type = 28, .v6 = true}, "abcdefg%08u.zones.", XDP_TX, .rules = 16},
	{"parse and swap", 1, {.name = "", .type = 28}, "abcdefg%08u.zones.", XDP_TX},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
enum { HIT1, HIT16K, HIT64K, MISS, MISS1, TCP, OTHER_PORT, SERIALISED, IPV6, EDNS, B512, B1200, RULES16, RULES4096, RULES16_IPV6, SWAP };

static struct measure_row floor_row = {.name = "test run of a bare verdict", .unit = "ns"};
static struct measure_row publish_row = {.name = "publish a new record, table full", .unit = "ns"};
static struct measure_row replace_row = {.name = "publish in place of a record", .unit = "ns"};

/* Nanoseconds a frame: the lesser of two figures that are both too high, the kernel's mean of the elapsed time, which counts what else ran on
 * this CPU meanwhile, and this thread's CPU time, which counts the setting up of the test run. */
static double run(int program, const struct frame *frame, uint32_t verdict)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes, .data_size_in = (uint32_t)frame->length,
		    .repeat = (int)repeat);
	double cpu = measure_cpu_ns();

	if (bpf_prog_test_run_opts(program, &options) || options.retval != verdict) {
		fprintf(stderr, "bench_fastpath: verdict %u, expected %u\n", options.retval, verdict);
		exit(1);
	}
	cpu = (measure_cpu_ns() - cpu) / repeat;
	return cpu < options.duration ? cpu : options.duration;
}

static void put_under_test(const struct kind *kind, int program)
{
	uint32_t zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(kind->bench->maps.under_test), &zero, &program, BPF_ANY)) {
		perror("bench_fastpath: prog array");
		exit(1);
	}
}

static void make_frame(const struct kind *kind, uint32_t number, struct frame *frame)
{
	struct frame_query query = kind->query;
	char name[64];

	snprintf(name, sizeof(name), kind->format, number);
	query.name = name;
	query.id = (uint16_t)(number * 40503 + 1);
	frame_build(frame, &query);
	if (kind->not_udp)
		frame->bytes[frame->l3 + 9] = 6;
	assert(frame->length <= FRAME_ROOM);
}

static void prepare(struct kind *kind)
{
	uint64_t state = 42, *words;
	uint8_t room[FRAME_ROOM] = {0};
	uint32_t *order, zero = 0;
	struct frame frame;
	char error[256];

	snprintf(kind->row.name, sizeof(kind->row.name), "%s", kind->name);
	kind->row.unit = "ns";
	make_frame(kind, 0, &frame);
	memcpy(room, frame.bytes, frame.length);
	kind->bench = fastpath_bench__open();
	assert(kind->bench);
	kind->bench->rodata->frame_length = (uint32_t)frame.length;
	kind->bench->rodata->word_offset = (uint32_t)frame.dns + 12 + 8; /* the name's second word */
	kind->bench->rodata->over_ipv6 = kind->query.v6;
	kind->bench->rodata->with_opt = kind->query.edns != 0;
	kind->bench->rodata->serialised = kind->serialised;
	kind->bench->rodata->word_mask = kind->frames - 1;
	bpf_map__set_max_entries(kind->bench->maps.words, kind->frames);
	if (fastpath_bench__load(kind->bench)) {
		fprintf(stderr, "bench_fastpath: cannot load its programs\n");
		exit(1);
	}
	if (bpf_map_update_elem(bpf_map__fd(kind->bench->maps.frame), &zero, room, BPF_ANY)) {
		perror("bench_fastpath: frame");
		exit(1);
	}
	words = hf_pins_map(bpf_map__fd(kind->bench->maps.words), "words", sizeof(*words), kind->frames, error);
	order = malloc(kind->frames * sizeof(*order));
	assert(words && order);
	/* Shuffled: the table is hit at random. */
	for (uint32_t i = 0; i < kind->frames; i++) {
		uint32_t j = (uint32_t)(measure_chance(&state) % (i + 1));

		order[i] = order[j];
		order[j] = i;
	}
	for (uint32_t i = 0; i < kind->frames; i++) {
		char digits[16];

		snprintf(digits, sizeof(digits), "%08u", order[i]);
		memcpy(&words[i], digits, 8);
	}
	free(order);
	hf_pins_unmap(words, sizeof(*words), kind->frames);
}

static void publish(struct answers *answers, uint32_t number, uint16_t type, uint8_t reply_class, unsigned count, uint16_t rdata_length)
{
	char name[64];

	snprintf(name, sizeof(name), "abcdefg%08u.zones.", number);
	answers_publish(answers, &(struct answer){name, type, reply_class, .count = count, .rdata_length = rdata_length,
						   .ttl = 86400, .age = 2});
}

/* A record of the usual size with another name each time. */
static void measure_publish(void)
{
	static uint64_t room[ANSWER_SIZE_MAX / 8];
	static uint32_t number = 100000;
	struct hf_answer_record *record = (struct hf_answer_record *)room;
	enum { RECORDS = 20000 };
	struct hf_now now = answers_now();
	double start;

	answers_compose(&large, &(struct answer){"abcdefg00000000.zones.", 28, .count = 3, .rdata_length = 16, .ttl = 3600},
			record);
	start = measure_cpu_ns();
	for (unsigned i = 0; i < RECORDS; i++) {
		uint32_t digits = number++;

		for (unsigned at = 15; at > 7; at--, digits /= 10)
			record->data[at] = (uint8_t)('0' + digits % 10);
		now.mono_ns += 20000; /* 50,000 a second */
		hf_hot_table_publish(large.table, record, now);
	}
	measure_add(&publish_row, (measure_cpu_ns() - start) / RECORDS);
	number -= RECORDS;
	start = measure_cpu_ns();
	for (unsigned i = 0; i < RECORDS; i++) {
		uint32_t digits = number++;

		for (unsigned at = 15; at > 7; at--, digits /= 10)
			record->data[at] = (uint8_t)('0' + digits % 10);
		now.mono_ns += 20000;
		hf_hot_table_publish(large.table, record, now);
	}
	measure_add(&replace_row, (measure_cpu_ns() - start) / RECORDS);
}

/* Every other /24 and /64 of those that the client's is among is refused. */
static struct hf_access *make_access(unsigned count)
{
	static const struct hf_dns64_table none;
	struct hf_access_rule *rules = calloc(count, sizeof(*rules));
	struct hf_access *access;

	assert(rules);
	for (unsigned i = 0; i < count; i++) {
		const unsigned number = 2 * (i / 2) + 1;
		struct hf_prefix *prefix = &rules[i].clients;

		if (i % 2)
			*prefix = (struct hf_prefix){.family = 6, .length = 64,
						     .bytes = {0x20, 1, 0x0d, 0xb8, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}};
		else
			*prefix = (struct hf_prefix){.family = 4, .length = 24, .bytes = {192, (uint8_t)(number >> 8), (uint8_t)number}};
		rules[i].verdict.action = HF_ACCESS_REFUSE;
	}
	access = hf_access_new(rules, count, (struct hf_access_verdict){HF_ACCESS_ALLOW, 0}, &none);
	assert(access);
	free(rules);
	return access;
}

static void set_access(const struct kind *kind, const struct hf_access *access)
{
	char error[HF_LOADER_ERROR_MAX];

	if (kind->rules && !hf_loader_set_access(large.loader, access, error)) {
		fprintf(stderr, "bench_fastpath: %s\n", error);
		exit(1);
	}
}

/* bench_fastpath [ROUNDS [FRAMES A RUN]] */
int main(int argc, char **argv)
{
	int verdict;
	struct frame frame;
	struct hf_hot_stats stats;

	if (argc > 1)
		rounds = (unsigned)strtoul(argv[1], NULL, 0);
	if (argc > 2)
		repeat = (unsigned)strtoul(argv[2], NULL, 0);
	answers_open(&large, NAMES + 64); /* room for the three other records */
	answers_open(&small, SMALL + 64);
	for (unsigned i = 0; i < KINDS; i++)
		prepare(&kinds[i]);
	verdict = bpf_program__fd(kinds[0].bench->progs.hf_bench_verdict);
	/* Three addresses each: 84 octets of answer. */
	for (uint32_t number = 0; number < NAMES; number++)
		publish(&large, number, 28, 0, 3, 16);
	for (uint32_t number = 0; number < SMALL; number++)
		publish(&small, number, 28, 0, 3, 16);
	publish(&large, 0, 28, HF_REPLY_DO, 3, 16);
	publish(&large, 0, 65400, 0, 1, 420);
	publish(&large, 0, 65401, 0, 1, 1120);
	hf_hot_table_stats(large.table, &stats);
	fprintf(stderr, "%zu records of %u in the table, %llu evicted\n", stats.entries, NAMES + 3,
		(unsigned long long)stats.evicted);

	for (unsigned round = 0; round < rounds; round++) {
		make_frame(&kinds[0], 0, &frame);
		measure_add(&floor_row, run(verdict, &frame, XDP_TX));
		for (unsigned i = 0; i < KINDS; i++) {
			struct kind *kind = &kinds[i];
			int restore = bpf_program__fd(kind->bench->progs.hf_bench_restore);
			int program = i == SWAP ? bpf_program__fd(kind->bench->progs.hf_bench_swap)
						: hf_loader_program_fd((kind->answers ? kind->answers : &large)->loader);
			struct hf_access *access = kind->rules ? make_access(kind->rules) : NULL;
			double without, with;

			set_access(kind, access);
			make_frame(kind, 0, &frame);
			put_under_test(kind, verdict);
			without = run(restore, &frame, XDP_TX);
			put_under_test(kind, program);
			with = run(restore, &frame, kind->verdict);
			measure_add(&kind->row, with - without + floor_row.runs[round]);
			set_access(kind, NULL);
			hf_access_free(access);
		}
	}
	for (unsigned round = 0; round < rounds; round++)
		measure_publish();

	measure_print_begin("fastpath");
	measure_print_row(&floor_row, true);
	for (unsigned i = 0; i < KINDS; i++)
		measure_print_row(&kinds[i].row, false);
	measure_print_row(&publish_row, false);
	measure_print_row(&replace_row, false);
	measure_print_checks_begin();
#define MEDIAN(row) measure_median((row).runs, (row).count)
	measure_print_check("P1 hit, 1 name, ns", MEDIAN(kinds[HIT1].row), "<=", 55, true);
	measure_print_check("P1 hit / parse and swap", measure_ratio(&kinds[HIT1].row, &kinds[SWAP].row), "<=", 6, false);
	measure_print_check("P3 hit, 16,384 names, ns", MEDIAN(kinds[HIT16K].row), "<=", 85, false);
	measure_print_check("P4 miss, ns", MEDIAN(kinds[MISS1].row), "<=", 45, false);
	measure_print_check("P4 not DNS, ns", MEDIAN(kinds[TCP].row), "<=", 15, false);
	measure_print_check("P4 not DNS, UDP, ns", MEDIAN(kinds[OTHER_PORT].row), "<=", 15, false);
	measure_print_check("P5 EDNS and DO, ns more", MEDIAN(kinds[EDNS].row) - MEDIAN(kinds[HIT1].row), "<=", 20, false);
	measure_print_check("P5 IPv6, ns more", MEDIAN(kinds[IPV6].row) - MEDIAN(kinds[HIT1].row), "<=", 15, false);
	measure_print_check("16 access rules, ns more", MEDIAN(kinds[RULES16].row) - MEDIAN(kinds[HIT1].row), "<=", 20, false);
	measure_print_check("P5 512 octets, ns more", MEDIAN(kinds[B512].row) - MEDIAN(kinds[HIT1].row), "<=", 35, false);
	measure_print_check("P5 1,200 octets, ns more", MEDIAN(kinds[B1200].row) - MEDIAN(kinds[HIT1].row), "<=", 60, false);
	measure_print_check("P16 publish, ns", MEDIAN(publish_row), "<=", 400, false);
	measure_print_end();
	for (unsigned i = 0; i < KINDS; i++)
		fastpath_bench__destroy(kinds[i].bench);
	answers_close(&large);
	answers_close(&small);
	return 0;
}
