// SPDX-License-Identifier: BSD-3-Clause
/* What the wire functions on a query's way cost: nanoseconds, and instructions as callgrind counts them (they do not
 * depend on the machine's other load). Prints the JSON of measure.h.
 *
 *   bench_wire [CASE CALLS]     with arguments: only makes these calls, for a profiler to watch */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "measure.h"
#include "wire/reply.h"

static const uint64_t secret[2] = {0x0123456789abcdef, 0xfedcba9876543210};
static const struct hf_reply_options options = {.edns_size = 1232, .udp_ceiling = 1232};
static const struct hf_now start = {.mono_ns = 1000 * HF_NS_PER_SECOND};
static const struct hf_now later = {.mono_ns = 1007 * HF_NS_PER_SECOND};

static struct packet {
	uint8_t bytes[512];
	size_t length;
} plain, edns_do;
static struct hf_query plain_query;
static struct hf_arena *arena;
static struct hf_answer answer;
static union {
	struct hf_answer_record record;
	uint8_t bytes[4096];
} composed;
static uint8_t out[2048], referral[2048];
static size_t referral_length;
static volatile uint64_t sink; /* keeps results in use */

static const uint8_t *name(const char *text)
{
	uint8_t wire[HF_NAME_MAX];
	size_t length = hf_name_from_text(text, wire);

	return hf_arena_copy(arena, wire, length);
}

static const struct hf_rrset *rrset(const char *owner, uint16_t type, const void *rdata, size_t length)
{
	const struct hf_rdata entry = {.bytes = rdata, .length = (uint16_t)length};

	return hf_rrset_make(arena, name(owner), type, HF_CLASS_IN, 300, &entry, 1, 0);
}

/* A referral as a TLD sends it: 13 NS, 13 A and 13 AAAA of glue, OPT. */
static void make_referral(void)
{
	static const uint8_t counts[] = {0, 1, 0, 0, 0, 13, 0, 27}, address[16] = {0x20, 0x01};
	struct hf_writer writer;
	char text[32];

	hf_writer_init(&writer, referral, sizeof(referral));
	hf_writer_u32(&writer, 0x12348000);
	hf_writer_bytes(&writer, counts, sizeof(counts));
	hf_writer_name(&writer, name("www.some-example.com."), true);
	hf_writer_u32(&writer, 0x00010001);
	for (char c = 'a'; c < 'a' + 13; c++) {
		snprintf(text, sizeof(text), "%c.gtld-servers.net.", c);
		hf_writer_rr(&writer, name("com."), HF_TYPE_NS, 1, 172800, name(text),
			     (uint16_t)hf_name_length(name(text)));
	}
	for (char c = 'a'; c < 'a' + 13; c++) {
		snprintf(text, sizeof(text), "%c.gtld-servers.net.", c);
		hf_writer_rr(&writer, name(text), HF_TYPE_A, 1, 172800, address, 4);
		hf_writer_rr(&writer, name(text), HF_TYPE_AAAA, 1, 172800, address, 16);
	}
	hf_writer_bytes(&writer, "\0\0\51\4\320\0\0\200\0\0\0", 11);
	referral_length = writer.failed ? 0 : writer.length;
}

static void set_up(void)
{
	static const struct hf_rrset *sets[3];
	const uint8_t *qname;

	arena = hf_arena_new(1 << 20);
	if (!arena)
		exit(1);
	qname = name("www.some-example.com."); /* 23 octets, the mean of the load profile */
	plain.length = hf_query_write(plain.bytes, sizeof(plain.bytes), 1, HF_FLAG_RD, qname, 1, 1, 0, false);
	edns_do.length = hf_query_write(edns_do.bytes, sizeof(edns_do.bytes), 1, HF_FLAG_RD, qname, 1, 1, 1232, true);
	hf_query_parse(plain.bytes, plain.length, &plain_query);
	/* A chain of a CNAME and two addresses: a body of about 100 octets. */
	sets[0] = rrset("www.some-example.com.", HF_TYPE_CNAME, name("some-example.cdn.example.net."), 30);
	sets[1] = rrset("some-example.cdn.example.net.", HF_TYPE_A, "\300\0\2\1", 4);
	sets[2] = rrset("edge.cdn.example.net.", HF_TYPE_A, "\300\0\2\2", 4);
	answer.sections[HF_SECTION_ANSWER] = sets;
	answer.section_counts[HF_SECTION_ANSWER] = 3;
	if (!hf_answer_compose(&answer, secret, plain_query.name, 1, 1, 0, 86400, start, &composed.record,
			       sizeof(composed)))
		exit(1);
	make_referral();
}

static void parse_plain(void)
{
	struct hf_query query;

	sink += hf_query_parse(plain.bytes, plain.length, &query) + query.qtype;
}

static void parse_edns_do(void)
{
	struct hf_query query;

	sink += hf_query_parse(edns_do.bytes, edns_do.length, &query) + query.qtype;
}

static void make_key(void)
{
	const __u64 key_secret[2] = {secret[0], secret[1]};
	__u64 key[2];

	hf_question_key(key_secret, plain_query.name, plain_query.name_length, 1, 1, 0, key);
	sink += key[0] ^ key[1];
}

static void write_reply(void)
{
	sink += hf_reply_write(&composed.record, &plain_query, NULL, 0, false, &options, later, out, sizeof(out));
}

/* All of a hit but the lookup. */
static void answer_hit(struct packet *packet)
{
	const __u64 key_secret[2] = {secret[0], secret[1]};
	struct hf_query query;
	__u64 key[2];

	if (hf_query_parse(packet->bytes, packet->length, &query) != HF_QUERY_OK)
		return;
	hf_question_key(key_secret, query.name, query.name_length, query.qtype, query.qclass, query.reply_class, key);
	sink += key[0];
	sink += hf_reply_write(&composed.record, &query, NULL, 0, false, &options, later, out, sizeof(out));
}

static void answer_hit_plain(void)
{
	answer_hit(&plain);
}

static void answer_hit_edns_do(void)
{
	answer_hit(&edns_do);
}

static void compose(void)
{
	static uint8_t bytes[4096] __attribute__((aligned(8)));

	sink += hf_answer_compose(&answer, secret, plain_query.name, 1, 1, 0, 86400, start,
				  (struct hf_answer_record *)bytes, sizeof(bytes));
}

static void parse_referral(void)
{
	static struct hf_arena *own;
	struct hf_message message;

	if (!own)
		own = hf_arena_new(1 << 20);
	sink += hf_message_parse(referral, referral_length, own, &message, NULL) + message.section_counts[2];
	hf_arena_reset(own);
}

enum { ROUNDS = 7, CALLS = 200000, FEW = 1000, MANY = 5000 };

static const struct bench {
	const char *name;
	void (*call)(void);
} benches[] = {
	{"parse a query", parse_plain},
	{"parse a query with EDNS, DO", parse_edns_do},
	{"key of a question", make_key},
	{"write a reply", write_reply},
	{"a hit without its lookup", answer_hit_plain},
	{"a hit without its lookup, EDNS, DO", answer_hit_edns_do},
	{"compose an answer of 3 RRs", compose},
	{"parse a referral of 39 RRs", parse_referral},
};
enum { BENCH_COUNT = sizeof(benches) / sizeof(benches[0]), HIT = 5 };

static void call(const struct bench *bench, unsigned long calls)
{
	while (calls-- > 0)
		bench->call();
}

/* Instructions of a run of this program that makes `calls` calls, 0 when valgrind cannot tell. */
static double instructions_of(unsigned bench, unsigned long calls)
{
	char self[4096], command[5000], line[256];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	unsigned long long collected = 0;
	FILE *output;

	if (length < 0)
		return 0;
	self[length] = '\0';
	snprintf(command, sizeof(command), "valgrind --tool=callgrind --callgrind-out-file=/dev/null '%s' %u %lu 2>&1",
		 self, bench, calls);
	output = popen(command, "r");
	if (!output)
		return 0;
	while (fgets(line, sizeof(line), output)) {
		const char *at = strstr(line, "Collected : ");

		if (at)
			collected = strtoull(at + strlen("Collected : "), NULL, 10);
	}
	return pclose(output) == 0 ? (double)collected : 0;
}

int main(int argc, char **argv)
{
	static struct measure_row rows[BENCH_COUNT];
	double hit_instructions = 0;

	set_up();
	if (argc == 3) {
		unsigned long bench = strtoul(argv[1], NULL, 10);

		if (bench >= BENCH_COUNT)
			return 2;
		call(&benches[bench], strtoul(argv[2], NULL, 10));
		return 0;
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < BENCH_COUNT; i++) {
			double before = measure_cpu_ns();

			call(&benches[i], CALLS);
			measure_add(&rows[i], (measure_cpu_ns() - before) / CALLS);
		}
	}
	measure_print_begin("wire");
	for (unsigned i = 0; i < BENCH_COUNT; i++) {
		snprintf(rows[i].name, sizeof(rows[i].name), "%s", benches[i].name);
		rows[i].unit = "ns";
		measure_print_row(&rows[i], i == 0);
	}
	for (unsigned i = 0; i < BENCH_COUNT; i++) {
		struct measure_row row = {.unit = "instructions"};
		double few = instructions_of(i, FEW), many = instructions_of(i, MANY);

		if (few == 0 || many == 0) {
			fprintf(stderr, "instructions are not counted: valgrind does not run here\n");
			break;
		}
		snprintf(row.name, sizeof(row.name), "%s", benches[i].name);
		measure_add(&row, (many - few) / (MANY - FEW));
		measure_print_row(&row, false);
		if (i == HIT)
			hit_instructions = row.runs[0];
	}
	measure_print_checks_begin();
	if (hit_instructions > 0)
		measure_print_check("P10: instructions of a hit with EDNS and DO, without lookup and frame",
				    hit_instructions, "<=", 1500, true);
	measure_print_end();
	hf_arena_free(arena);
	return 0;
}
