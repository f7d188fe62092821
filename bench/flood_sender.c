// SPDX-License-Identifier: BSD-3-Clause
// Sends queries for random names at a fixed rate and reads no reply: flood_sender SERVER RATE SECONDS SEED SOURCES ZONE...
// SOURCES: the last number of the first source address and the count, as 192.0.2.128+32; zones are asked in turn.
// Prints one line of JSON: packets sent and refused by the socket, seconds.
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 16, LABEL = 12, HEADER = 12, MOST_SOURCES = 64, MOST_ZONES = 256, MOST_OCTETS = 300 };

struct zone {
	uint8_t wire[256];
	size_t length;
};

static uint64_t state;

static uint64_t random_next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static bool zone_read(struct zone *zone, const char *text)
{
	while (*text) {
		size_t label = strcspn(text, ".");
		if (label == 0 || label > 63 || zone->length + label + 2 > sizeof(zone->wire) - LABEL)
			return false;
		zone->wire[zone->length++] = (uint8_t)label;
		memcpy(zone->wire + zone->length, text, label);
		zone->length += label;
		text += label + (text[label] == '.');
	}
	zone->wire[zone->length++] = 0;
	return true;
}

// A query for a random name of the zone: RD, type A, class IN, no EDNS.
static size_t query_write(uint8_t *data, const struct zone *zone)
{
	uint64_t bits = random_next();
	uint8_t *at = data;

	const uint8_t header[HEADER] = {(uint8_t)bits, (uint8_t)(bits >> 8), 1, 0, 0, 1};
	memcpy(at, header, HEADER);
	at += HEADER;
	*at++ = LABEL;
	bits = random_next();
	for (int i = 0; i < LABEL; i++, bits >>= 5)
		*at++ = (uint8_t) "abcdefghijklmnopqrstuvwxyz012345"[bits & 31];
	memcpy(at, zone->wire, zone->length);
	at += zone->length;
	const uint8_t end[4] = {0, 1, 0, 1};
	memcpy(at, end, sizeof(end));
	return (size_t)(at - data) + sizeof(end);
}

static int source_open(struct in_addr first, unsigned number, struct in_addr server)
{
	struct sockaddr_in local = {.sin_family = AF_INET};
	struct sockaddr_in remote = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr = server};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int least = 1;

	local.sin_addr.s_addr = htonl(ntohl(first.s_addr) + number);
	// replies are dropped by the kernel as soon as the least buffer is full
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)) != 0 ||
	    bind(fd, (struct sockaddr *)&local, sizeof(local)) != 0 ||
	    connect(fd, (struct sockaddr *)&remote, sizeof(remote)) != 0)
		return -1;
	return fd;
}

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static struct zone zones[MOST_ZONES];
	static uint8_t data[BURST][MOST_OCTETS];
	struct mmsghdr messages[BURST] = {0};
	struct iovec vectors[BURST];
	int sources[MOST_SOURCES];
	struct in_addr server, first;
	uint64_t sent = 0, refused = 0;

	if (argc < 7 || argc - 6 > MOST_ZONES || inet_pton(AF_INET, argv[1], &server) != 1) {
		fprintf(stderr, "usage: flood_sender SERVER RATE SECONDS SEED SOURCE+COUNT ZONE...\n");
		return 2;
	}
	double rate = strtod(argv[2], NULL), length = strtod(argv[3], NULL);
	state = strtoull(argv[4], NULL, 10) * 0x9E3779B97F4A7C15 + 1;
	char *plus = strchr(argv[5], '+');
	unsigned source_count = plus ? (unsigned)strtoul(plus + 1, NULL, 10) : 1;
	if (plus)
		*plus = 0;
	if (inet_pton(AF_INET, argv[5], &first) != 1 || source_count < 1 || source_count > MOST_SOURCES || !(rate > 0)) {
		fprintf(stderr, "flood_sender: bad rate or sources\n");
		return 2;
	}
	for (unsigned i = 0; i < source_count; i++) {
		sources[i] = source_open(first, i, server);
		if (sources[i] < 0) {
			perror("flood_sender: socket");
			return 1;
		}
	}
	for (int i = 6; i < argc; i++) {
		if (!zone_read(&zones[i - 6], argv[i])) {
			fprintf(stderr, "flood_sender: bad zone %s\n", argv[i]);
			return 2;
		}
	}

	double start = seconds_now(), now = start;
	unsigned turn = 0;
	for (uint64_t zone = 0; now - start < length; now = seconds_now()) {
		// open loop: what is due is sent, whatever came back
		if ((double)(sent + refused) > (now - start) * rate) {
			usleep(200);
			continue;
		}
		for (int i = 0; i < BURST; i++) {
			vectors[i].iov_base = data[i];
			vectors[i].iov_len = query_write(data[i], &zones[zone++ % (uint64_t)(argc - 6)]);
			messages[i].msg_hdr.msg_iov = &vectors[i];
			messages[i].msg_hdr.msg_iovlen = 1;
		}
		int done = sendmmsg(sources[turn++ % source_count], messages, BURST, 0);
		sent += done > 0 ? (uint64_t)done : 0;
		refused += BURST - (done > 0 ? (uint64_t)done : 0);
	}
	printf("{\"sent\": %llu, \"refused\": %llu, \"seconds\": %.3f}\n", (unsigned long long)sent, (unsigned long long)refused,
	       now - start);
	return 0;
}
