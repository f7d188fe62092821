/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* What steer.bpf.c and the dataplane (io/steer.c) share: who waits for a reply at which UDP port. */
#ifndef HOLDFAST_STEER_ABI_H
#define HOLDFAST_STEER_ABI_H

#include <linux/types.h>

enum { HF_STEER_PORTS = 65536, HF_STEER_LANES_MAX = 64 };

/* One a port, memory-mapped by the dataplane. A thread takes a port by compare-and-swap of `owner`, writes `server` and
 * `server_port`, then `family`; it gives the port back in the opposite order. The program looks at nothing else while
 * `family` is 0. */
struct hf_steer_port {
	__u32 owner;	   /* lane plus one, 0: free */
	__u16 family;	   /* 4, 6; 0: no reply is waited for */
	__u16 server_port; /* host order */
	__u8 server[16];   /* IPv4: the first four */
	__u8 unused[8];
};

/* Places in the map of sockets: two a lane. */
enum { HF_STEER_IPV4, HF_STEER_IPV6, HF_STEER_FAMILIES };

#endif
