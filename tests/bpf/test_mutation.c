// SPDX-License-Identifier: BSD-3-Clause
/* Frames made from good ones by chance (flipped, overwritten, cut, lengthened, spliced): the program never aborts, and whatever it
 * answers was a well-formed query for us, by the judgement of the slow path's own parser, and gets the reply that is the slow path's.
 *
 *   test_bpf_mutation [FRAMES [SEED]]
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include "answers.h"
#include "frames.h"
#include "wire/message.h"
#include "wire/reply.h"

enum { FRAMES = 200000, SECONDS_MAX = 60 };

static const struct answer known[] = {
	{"www.example.", 1, .count = 2, .rdata_length = 4, .ttl = 3600},
	{"ww.example.", 1, .count = 1, .rdata_length = 4, .ttl = 3600},
	{"www.example.", 1, HF_REPLY_DO, .count = 2, .rdata_length = 4, .ttl = 3600},
	{"www.example.", 1, HF_REPLY_CD, .count = 1, .rdata_length = 4, .ttl = 3600},
	{".", 48, .count = 2, .rdata_length = 40, .ttl = 3600},
	{"big.example.", 65400, .count = 1, .rdata_length = 900, .ttl = 3600},
	{"nx.example.", 1, .rcode = 3, .ttl = 3600},
};
enum { KNOWN = sizeof(known) / sizeof(known[0]) };

static const struct frame_query queries[] = {
	{"www.example."}, {"Ww.eXample.", .v6 = true}, {"WWW.example.", .edns = 1232, .vlans = 1},
	{"www.example.", .edns = 4096, .dnssec_ok = true, .v6 = true, .vlans = 2}, {".", .type = 48},
	{"big.example.", .type = 65400, .edns = 1232}, {"nx.example.", .flags = 0x0020, .padding = 9},
	{"www.example.", .flags = 0x0010, .vlans = 2},
};
enum { QUERIES = sizeof(queries) / sizeof(queries[0]) };

static uint64_t chance_state;

/* splitmix64 (Steele et al. 2014): repeatable from its seed. */
static uint64_t chance(uint64_t below)
{
	uint64_t z = chance_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

static void mutate(struct frame *frame)
{
	static const uint8_t edges[] = {0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff};
	unsigned changes = 1 + (unsigned)chance(4);
	struct frame other;

	while (changes--) {
		size_t at = chance(frame->length);

		switch (chance(9)) {
		case 0:
			frame->bytes[at] ^= (uint8_t)(1 << chance(8));
			break;
		case 1:
			frame->bytes[at] = (uint8_t)chance(256);
			break;
		case 2:
			frame->bytes[at] = edges[chance(sizeof(edges))];
			break;
		case 3: /* in the message, where most of the checks are */
			at = frame->dns + chance(40);
			if (at < frame->length)
				frame->bytes[at] = edges[chance(sizeof(edges))];
			break;
		case 4: /* the kernel refuses to run on less than an Ethernet header */
			frame->length = 14 + chance(frame->length - 13);
			break;
		case 5:
			for (unsigned n = (unsigned)chance(64); n && frame->length < FRAME_MAX; n--)
				frame->bytes[frame->length++] = (uint8_t)chance(256);
			break;
		case 6: /* the tail of another query */
			frame_build(&other, &queries[chance(QUERIES)]);
			if (other.length > at && at < frame->length) {
				memcpy(frame->bytes + at, other.bytes + at, other.length - at);
				frame->length = other.length;
			}
			break;
		case 7: /* both lengths, together */
			if (frame->udp + 6 < frame->length) {
				uint16_t length = (uint16_t)chance(80);

				frame->bytes[frame->udp + 4] = 0;
				frame->bytes[frame->udp + 5] = (uint8_t)length;
				if (frame->v6)
					frame->bytes[frame->l3 + 5] = (uint8_t)length;
				else
					frame->bytes[frame->l3 + 3] = (uint8_t)(length + 20);
			}
			break;
		default: /* upper and lower case */
			if (at >= frame->dns + 12)
				frame->bytes[at] ^= 0x20;
		}
		if (frame->length < 14)
			frame->length = 14;
	}
}

/* Where the layers are in a frame that was answered; the lengths that it claims are what counts. */
static bool locate(struct frame *frame, size_t *message_length)
{
	const uint8_t *bytes = frame->bytes;
	size_t at = 12;

	while (at < 22 && ((bytes[at] == 0x81 && bytes[at + 1] == 0) || (bytes[at] == 0x88 && bytes[at + 1] == 0xa8)))
		at += 4;
	frame->l3 = at + 2;
	frame->v6 = bytes[at] == 0x86;
	frame->udp = frame->l3 + (frame->v6 ? 40 : 20);
	frame->dns = frame->udp + 8;
	if (frame->length < frame->dns + 12)
		return false;
	*message_length = (size_t)(bytes[frame->udp + 4] << 8 | bytes[frame->udp + 5]) - 8;
	return frame->dns + *message_length <= frame->length;
}

static bool is_for_us(const struct frame *frame)
{
	uint8_t service[16];
	size_t at = frame->l3 + (frame->v6 ? 24 : 16);
	const uint8_t *bytes = frame->bytes;

	inet_pton(frame->v6 ? AF_INET6 : AF_INET, frame->v6 ? FRAME_SERVICE6 : FRAME_SERVICE4, service);
	return memcmp(bytes, frame_host_mac, 6) == 0 && memcmp(bytes + at, service, frame->v6 ? 16 : 4) == 0 &&
	       bytes[frame->udp + 2] == 0 && bytes[frame->udp + 3] == 53 &&
	       (frame->v6 ? bytes[frame->l3 + 6] == 17
			  : bytes[frame->l3] == 0x45 && bytes[frame->l3 + 9] == 17 &&
				    (bytes[frame->l3 + 6] & 0x3f) == 0 && bytes[frame->l3 + 7] == 0);
}

static const char *judge(struct answers *answers, struct frame *in, struct frame *out)
{
	struct hf_reply_options options = {.edns_size = 1232, .udp_ceiling = 1232};
	uint64_t room[ANSWER_SIZE_MAX / 8];
	struct hf_answer_record *record = (struct hf_answer_record *)room;
	uint8_t expected[2048];
	struct hf_query query;
	size_t length;
	const char *fault;

	if (!locate(in, &length))
		return "answered a frame without room for a query";
	if (!is_for_us(in))
		return "answered a frame for somebody else";
	if (hf_query_parse(in->bytes + in->dns, length, &query) != HF_QUERY_OK)
		return "answered a malformed query";
	if ((query.flags & ~(HF_FLAG_AD | HF_FLAG_CD)) != HF_FLAG_RD || query.qclass != 1 || query.edns.options_length)
		return "answered a query that is not plain";
	if (!frame_check(out, &fault))
		return fault;
	if (!frame_is_turned(in, out))
		return "the reply does not go back";
	for (unsigned i = 0; i < KNOWN; i++) {
		answers_compose(answers, &known[i], record);
		if (record->name_length != query.name_length || memcmp(record->data, query.name, query.name_length) ||
		    record->qtype != query.qtype || record->reply_class != query.reply_class)
			continue;
		/* TTLs may have moved on by a second or two since they were published: everything else is fixed. */
		length = hf_reply_write(record, &query, NULL, 0, false, &options, answers_now(), expected, sizeof(expected));
		if (out->length - out->dns != length)
			return "another length than the slow path's reply";
		for (unsigned j = 0; j < record->ttl_count; j++) {
			size_t ttl = HF_HEADER_SIZE + query.question_length + record->ttl_offsets[j];

			memcpy(expected + ttl, out->bytes + out->dns + ttl, 4);
		}
		return memcmp(out->bytes + out->dns, expected, length) ? "another reply than the slow path's" : NULL;
	}
	return "answered a question that nobody knows the answer of";
}

static void print_frame(const struct frame *frame)
{
	for (size_t i = 0; i < frame->length; i++)
		printf("%02x", frame->bytes[i]);
	printf("\n");
}

int main(int argc, char **argv)
{
	unsigned long frames = argc > 1 ? strtoul(argv[1], NULL, 0) : FRAMES, verdicts[8] = {0}, n;
	time_t end = time(NULL) + SECONDS_MAX;
	static struct frame in, out;
	struct answers answers;

	chance_state = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL);
	printf("seed %llu\n", (unsigned long long)chance_state);
	answers_open(&answers, 1024);
	for (unsigned i = 0; i < KNOWN; i++)
		answers_publish(&answers, &known[i]);
	for (n = 0; n < frames && time(NULL) < end; n++) {
		const char *fault = NULL;

		frame_build(&in, &queries[chance(QUERIES)]);
		mutate(&in);

		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = in.bytes, .data_size_in = (uint32_t)in.length,
			    .data_out = out.bytes, .data_size_out = sizeof(out.bytes));
		if (bpf_prog_test_run_opts(hf_loader_program_fd(answers.loader), &options)) {
			perror("BPF_PROG_TEST_RUN");
			return 1;
		}
		out.length = options.data_size_out;
		verdicts[options.retval & 7]++;
		switch (options.retval) {
		case XDP_TX:
			fault = judge(&answers, &in, &out);
			break;
		case XDP_PASS:
			if (out.length != in.length || memcmp(in.bytes, out.bytes, in.length))
				fault = "changed a frame that it passes on";
			break;
		case XDP_DROP:
			break;
		default:
			fault = "a verdict that is none of ours";
		}
		if (fault) {
			printf("frame %lu, verdict %u: %s\nin:  ", n, options.retval, fault);
			print_frame(&in);
			printf("out: ");
			print_frame(&out);
			return 1;
		}
	}
	printf("%lu frames: %lu answered, %lu passed, %lu dropped\n", n, verdicts[XDP_TX], verdicts[XDP_PASS], verdicts[XDP_DROP]);
	answers_close(&answers);
	/* Changes of case alone are answered: a run that answers nothing has not looked at much. */
	return n >= 10000 && verdicts[XDP_TX] < n / 100 ? 1 : 0;
}
