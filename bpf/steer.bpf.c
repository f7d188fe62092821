/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* Replies of servers to whichever UDP port the query left from go to the one socket of the resolver thread that asked, without a
 * socket bound to that port. Runs where the kernel looks for the socket of a datagram, after connected sockets and before all
 * others (SK_LOOKUP, Linux 5.9). It touches only what comes from the very server, address and port, that a query is under way to, at the
 * port that it left from: everything else finds its socket as if this program were not there.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "bpf/steer_abi.h"

#define AF_INET 2 /* sys/socket.h is of the host's C library */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HF_STEER_PORTS);
	__type(key, __u32);
	__type(value, struct hf_steer_port);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, HF_STEER_FAMILIES * HF_STEER_LANES_MAX);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

static __always_inline bool is_from_server(const struct bpf_sk_lookup *context, const struct hf_steer_port *port)
{
	__u32 server[4];

	__builtin_memcpy(server, port->server, sizeof(server));
	if (bpf_ntohs(context->remote_port) != port->server_port)
		return false;
	if (context->family == AF_INET)
		return port->family == 4 && context->remote_ip4 == server[0];
	return port->family == 6 && context->remote_ip6[0] == server[0] && context->remote_ip6[1] == server[1] &&
	       context->remote_ip6[2] == server[2] && context->remote_ip6[3] == server[3];
}

SEC("sk_lookup")
int hf_steer(struct bpf_sk_lookup *context)
{
	__u32 key = context->local_port;
	const struct hf_steer_port *port;
	struct bpf_sock *socket;

	if (context->protocol != IPPROTO_UDP)
		return SK_PASS;
	port = bpf_map_lookup_elem(&ports, &key);
	if (!port || !port->family || !is_from_server(context, port))
		return SK_PASS;
	key = (port->owner - 1) * HF_STEER_FAMILIES + (port->family == 4 ? HF_STEER_IPV4 : HF_STEER_IPV6);
	socket = bpf_map_lookup_elem(&sockets, &key);
	if (!socket)
		return SK_PASS;
	bpf_sk_assign(context, socket, 0);
	bpf_sk_release(socket);
	return SK_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
