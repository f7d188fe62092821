/* SPDX-License-Identifier: (BSD-3-Clause OR GPL-2.0-only) */
/* Passes every frame. A veth end delivers what its peer sent by XDP_TX only if it has an XDP program itself; this is the one for
 * the client's end: `ip link set dev IF xdp obj pass.bpf.o sec xdp`.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int hf_pass(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
