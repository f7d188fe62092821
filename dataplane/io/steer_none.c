// SPDX-License-Identifier: BSD-3-Clause
/* In a build without libbpf nothing is steered. */
#include "io/steer.h"
#include <stdio.h>
#include <stdlib.h>

struct hf_steer *hf_steer_new(unsigned lanes, char error[HF_STEER_ERROR_MAX])
{
	(void)lanes;
	snprintf(error, HF_STEER_ERROR_MAX, "this build has no libbpf");
	return NULL;
}

void hf_steer_free(struct hf_steer *steer)
{
	(void)steer;
}

unsigned hf_steer_others(const struct hf_steer *steer)
{
	(void)steer;
	return 0;
}

struct hf_steer_lane *hf_steer_lane(struct hf_steer *steer, unsigned lane)
{
	(void)steer;
	(void)lane;
	return NULL;
}

/* Nobody has a lane to call the rest with. */

int hf_steer_lane_fd(const struct hf_steer_lane *lane, unsigned family)
{
	(void)lane;
	(void)family;
	abort();
}

bool hf_steer_take_port(struct hf_steer_lane *lane, uint16_t port, const struct hf_address *server)
{
	(void)lane;
	(void)port;
	(void)server;
	abort();
}

void hf_steer_give_port(struct hf_steer_lane *lane, uint16_t port)
{
	(void)lane;
	(void)port;
	abort();
}

bool hf_steer_source(struct hf_steer_lane *lane, const struct hf_address *server, const struct hf_address *configured,
		     uint64_t now_ns, uint8_t source[16])
{
	(void)lane;
	(void)server;
	(void)configured;
	(void)now_ns;
	(void)source;
	abort();
}

bool hf_steer_put(struct hf_steer_lane *lane, const uint8_t source[16], uint16_t port, const struct hf_address *server,
		  const uint8_t *message, size_t length)
{
	(void)lane;
	(void)source;
	(void)port;
	(void)server;
	(void)message;
	(void)length;
	abort();
}

unsigned hf_steer_flush(struct hf_steer_lane *lane, uint16_t failed[HF_STEER_FAMILIES * HF_STEER_BURST])
{
	(void)lane;
	(void)failed;
	abort();
}

unsigned hf_steer_receive(struct hf_steer_lane *lane, unsigned family,
			  struct hf_steer_datagram datagrams[HF_STEER_BURST])
{
	(void)lane;
	(void)family;
	(void)datagrams;
	abort();
}

bool hf_steer_take_error(struct hf_steer_lane *lane, unsigned family, struct hf_address *server, uint8_t *quoted,
			 size_t capacity, size_t *length)
{
	(void)lane;
	(void)family;
	(void)server;
	(void)quoted;
	(void)capacity;
	(void)length;
	abort();
}
