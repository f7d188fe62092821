// SPDX-License-Identifier: BSD-3-Clause
// Asks the names of files, each file at its own fixed rate, and counts what comes back in time:
//	paced_client SERVER SOURCE+COUNT SECONDS RATE FILE [RATE FILE]...
// One query after the other through each file, from its begin again after its end; type A, RD, no EDNS. A reply counts as good when it says
// NOERROR and comes within a second. An open loop: what is due is sent, whatever came back. dnsperf holds a rate only at the cost of
// most of a core, which here the authorities and a flood need too.
// Prints a line of JSON: for each file queries sent, replies by kind, and the mean latency of the good ones.
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 16, HEADER = 12, MOST_SOURCES = 32, MOST_STREAMS = 8, MOST_OCTETS = 300, IDS = 65536, RCODE_NOERROR = 0 };

static const double patience = 1.0;

struct stream {
	double rate;
	uint8_t *queries; // MOST_OCTETS each
	uint16_t *lengths;
	size_t count, next;
	uint64_t sent, refused, good, late, other;
	double latency;
	int sources[MOST_SOURCES];
	double *asked[MOST_SOURCES]; // by ID: when, 0: not under way
	uint16_t ids[MOST_SOURCES];
	unsigned turn;
};

static unsigned source_count;

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// The query without its ID; 0 when the text is no name.
static size_t query_write(uint8_t *data, const char *text)
{
	const uint8_t header[HEADER] = {0, 0, 1, 0, 0, 1}, end[5] = {0, 0, 1, 0, 1};
	size_t length = HEADER;

	memcpy(data, header, HEADER);
	while (*text) {
		size_t label = strcspn(text, ".");
		if (label == 0 || label > 63 || length + label + 1 + sizeof(end) > HEADER + 255)
			return 0;
		data[length++] = (uint8_t)label;
		memcpy(data + length, text, label);
		length += label;
		text += label + (text[label] == '.');
	}
	memcpy(data + length, end, sizeof(end));
	return length + sizeof(end);
}

// A line: name, blank, whatever dnsperf wants behind it.
static bool stream_read(struct stream *stream, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[1024];
	size_t room = 0;

	if (!file) {
		perror(path);
		return false;
	}
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \t\n")] = 0;
		if (stream->count == room) {
			room = room ? 2 * room : 1024;
			stream->queries = realloc(stream->queries, room * MOST_OCTETS);
			stream->lengths = realloc(stream->lengths, room * sizeof(stream->lengths[0]));
			if (!stream->queries || !stream->lengths)
				return false;
		}
		stream->lengths[stream->count] = (uint16_t)query_write(stream->queries + stream->count * MOST_OCTETS, line);
		if (stream->lengths[stream->count] == 0) {
			fprintf(stderr, "paced_client: %s: line %zu: no name: %s\n", path, stream->count + 1, line);
			return false;
		}
		stream->count++;
	}
	fclose(file);
	if (stream->count == 0)
		fprintf(stderr, "paced_client: %s is empty\n", path);
	return stream->count > 0;
}

static bool stream_open(struct stream *stream, struct in_addr first, struct in_addr server)
{
	struct sockaddr_in local = {.sin_family = AF_INET};
	struct sockaddr_in remote = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr = server};
	int room = 4 << 20;

	for (unsigned i = 0; i < source_count; i++) {
		int fd = stream->sources[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		local.sin_addr.s_addr = htonl(ntohl(first.s_addr) + i);
		stream->asked[i] = calloc(IDS, sizeof(double));
		if (!stream->asked[i] || fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0 ||
		    bind(fd, (struct sockaddr *)&local, sizeof(local)) != 0 ||
		    connect(fd, (struct sockaddr *)&remote, sizeof(remote)) != 0) {
			perror("paced_client: socket");
			return false;
		}
	}
	return true;
}

static void stream_send(struct stream *stream, double elapsed, double now)
{
	struct mmsghdr messages[BURST] = {0};
	struct iovec vectors[BURST];
	double due = elapsed * stream->rate - (double)(stream->sent + stream->refused);
	unsigned count = due < 1 ? 0 : due > BURST ? BURST : (unsigned)due;
	unsigned source = stream->turn;

	if (count == 0)
		return;
	stream->turn = (stream->turn + 1) % source_count;
	for (unsigned i = 0; i < count; i++) {
		uint8_t *query = stream->queries + stream->next * MOST_OCTETS;
		uint16_t id = stream->ids[source]++;

		query[0] = (uint8_t)(id >> 8);
		query[1] = (uint8_t)id;
		stream->asked[source][id] = now;
		vectors[i] = (struct iovec){query, stream->lengths[stream->next]};
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		stream->next = (stream->next + 1) % stream->count;
	}
	int done = sendmmsg(stream->sources[source], messages, count, 0);
	stream->sent += done > 0 ? (unsigned)done : 0;
	stream->refused += count - (done > 0 ? (unsigned)done : 0);
}

static void source_receive(struct stream *stream, unsigned source)
{
	uint8_t data[BURST][HEADER];
	struct mmsghdr messages[BURST] = {0};
	struct iovec vectors[BURST];
	int got;

	for (int i = 0; i < BURST; i++) {
		vectors[i] = (struct iovec){data[i], HEADER};
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	do {
		got = recvmmsg(stream->sources[source], messages, BURST, 0, NULL);
		double now = seconds_now();
		for (int i = 0; i < got; i++) {
			uint16_t id = (uint16_t)(data[i][0] << 8 | data[i][1]);
			double asked = stream->asked[source][id];

			if (messages[i].msg_len < HEADER || asked == 0)
				continue;
			stream->asked[source][id] = 0;
			if (now - asked > patience) {
				stream->late++;
			} else if ((data[i][3] & 15) == RCODE_NOERROR) {
				stream->good++;
				stream->latency += now - asked;
			} else {
				stream->other++;
			}
		}
	} while (got == BURST);
}

int main(int argc, char **argv)
{
	static struct stream streams[MOST_STREAMS];
	struct in_addr server, first;
	char *plus = argc > 2 ? strchr(argv[2], '+') : NULL;
	unsigned count = argc > 5 ? (unsigned)(argc - 4) / 2 : 0;

	if (plus) {
		*plus = 0;
		source_count = (unsigned)strtoul(plus + 1, NULL, 10);
	}
	if (argc < 6 || argc % 2 || count > MOST_STREAMS || inet_pton(AF_INET, argv[1], &server) != 1 ||
	    inet_pton(AF_INET, argv[2], &first) != 1 || source_count < 1 || source_count > MOST_SOURCES) {
		fprintf(stderr, "usage: paced_client SERVER SOURCE+COUNT SECONDS RATE FILE [RATE FILE]...\n");
		return 2;
	}
	double length = strtod(argv[3], NULL);
	for (unsigned i = 0; i < count; i++) {
		streams[i].rate = strtod(argv[4 + 2 * i], NULL);
		if (!stream_read(&streams[i], argv[5 + 2 * i]) || !stream_open(&streams[i], first, server))
			return 1;
	}

	double start = seconds_now();
	for (double now = start; now - start < length + patience; now = seconds_now()) {
		for (unsigned i = 0; i < count; i++) {
			if (now - start < length)
				stream_send(&streams[i], now - start, now);
			for (unsigned source = 0; source < source_count; source++)
				source_receive(&streams[i], source);
		}
		usleep(250);
	}
	printf("[");
	for (unsigned i = 0; i < count; i++)
		printf("%s{\"sent\": %llu, \"refused\": %llu, \"good\": %llu, \"late\": %llu, \"other\": %llu, \"seconds\": %.3f, "
		       "\"latency_ms\": %.3f}",
		       i ? ", " : "", (unsigned long long)streams[i].sent, (unsigned long long)streams[i].refused,
		       (unsigned long long)streams[i].good, (unsigned long long)streams[i].late,
		       (unsigned long long)streams[i].other, length,
		       streams[i].good ? 1000 * streams[i].latency / (double)streams[i].good : 0.0);
	printf("]\n");
	return 0;
}
