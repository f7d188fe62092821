// SPDX-License-Identifier: BSD-3-Clause
/* The checks of the network side: interface, driver, XDP and listen addresses. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/magic.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "control/doctor_checks.h"

#ifdef HF_WITH_FASTPATH
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include "bpf/fastpath_abi.h"
#include "hot/pins.h"
#endif

/* A frame and its headroom (256) and tail (320) share one page: where a driver knows no fragments, native XDP ends
 * about here. */
enum { XDP_MTU_MAX = 3498 };

/* ---- what the driver can do ---- */

/* The `netdev` family of generic netlink tells since Linux 6.3; Debian 12's headers are older, hence the numbers. */
enum { NETDEV_CMD_DEV_GET = 1, NETDEV_A_DEV_IFINDEX = 1, NETDEV_A_DEV_XDP_FEATURES = 3 };
enum { XDP_FEATURE_BASIC = 1, XDP_FEATURE_ZEROCOPY = 8, XDP_FEATURE_FRAGMENTS = 32 };

struct request {
	struct nlmsghdr head;
	struct genlmsghdr generic;
	struct nlattr attribute;
	char value[16];
};

/* Sends one request with one attribute, and finds attribute `wanted` in the answer. Its length, -1 when there is none.
 */
static int ask_netlink(int fd, uint16_t family, uint8_t command, uint16_t attribute, const void *value, uint16_t length,
		       uint16_t wanted, void *out, size_t out_size)
{
	struct request request = {
		.head = {.nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = 1},
		.generic = {.cmd = command, .version = 1},
		.attribute = {.nla_type = attribute, .nla_len = (uint16_t)(NLA_HDRLEN + length)},
	};
	char answer[8192] __attribute__((aligned(8)));
	const struct nlmsghdr *head = (const struct nlmsghdr *)answer;
	ssize_t got;

	memcpy(request.value, value, length);
	request.head.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + GENL_HDRLEN + NLA_ALIGN(NLA_HDRLEN + length));
	if (send(fd, &request, request.head.nlmsg_len, 0) < 0)
		return -1;
	got = recv(fd, answer, sizeof(answer), 0);
	if (got < (ssize_t)sizeof(*head) || !NLMSG_OK(head, (size_t)got) || head->nlmsg_type != family)
		return -1;
	for (size_t at = NLMSG_HDRLEN + GENL_HDRLEN; at + NLA_HDRLEN <= head->nlmsg_len;) {
		const struct nlattr *found = (const struct nlattr *)(answer + at);
		size_t size;

		if (found->nla_len < NLA_HDRLEN || at + found->nla_len > head->nlmsg_len)
			return -1;
		size = found->nla_len - NLA_HDRLEN;
		if ((found->nla_type & NLA_TYPE_MASK) == wanted && size <= out_size) {
			memcpy(out, answer + at + NLA_HDRLEN, size);
			return (int)size;
		}
		at += NLA_ALIGN(found->nla_len);
	}
	return -1;
}

/* False when this kernel cannot tell. */
static bool read_xdp_features(unsigned ifindex, uint64_t *features)
{
	const struct timeval limit = {.tv_sec = 1};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	uint16_t family;
	bool known;

	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	known = ask_netlink(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, "netdev", 7,
			    CTRL_ATTR_FAMILY_ID, &family, sizeof(family)) == sizeof(family) &&
		ask_netlink(fd, family, NETDEV_CMD_DEV_GET, NETDEV_A_DEV_IFINDEX, &ifindex, sizeof(ifindex),
			    NETDEV_A_DEV_XDP_FEATURES, features, sizeof(*features)) == sizeof(*features);
	close(fd);
	return known;
}

/* Drivers that had native XDP in Linux 6.1, for kernels that cannot tell. */
static bool driver_knows_xdp(const char *driver)
{
	static const char *const drivers[] = {
		"atlantic",  "bnxt_en", "bonding",    "cpsw",	 "dpaa2-eth", "ena",	"enetc",   "fsl_dpaa2_eth",
		"fsl_enetc", "gve",	"hv_netvsc",  "i40e",	 "ice",	      "igb",	"igc",	   "ixgbe",
		"ixgbevf",   "lan966x", "mana",	      "mlx4_en", "mlx5_core", "mvneta", "mvpp2",   "mtk_soc_eth",
		"netsec",    "nfp",	"octeontx2",  "qede",	 "sfc",	      "stmmac", "thunder", "tsnep",
		"tun",	     "veth",	"virtio_net", "vmxnet3"};

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (strcmp(driver, drivers[i]) == 0)
			return true;
	}
	return false;
}

static void check_mtu(json_t *checks, const struct hf_config *config, int mtu, bool told, bool fragments)
{
	bool fits = mtu <= XDP_MTU_MAX || fragments, ok = fits || config->attach != HF_ATTACH_NATIVE;

	hf_doctor_add(checks, "mtu", ok,
		      fits ? ""
		      : ok ? "native XDP is refused probably, generic is used; a lower MTU mends that"
			   : "lower the MTU, or fastpath.attach: auto or generic",
		      "%d; without fragments native XDP takes about %d%s", mtu, XDP_MTU_MAX,
		      fragments ? ", this driver knows fragments"
		      : told	? ", this driver knows none"
				: "");
}

static void check_xdp_mode(json_t *checks, const struct hf_config *config, unsigned ifindex, const char *driver,
			   int mtu)
{
	uint64_t features = 0;
	bool told = read_xdp_features(ifindex, &features), native, ok;

	native = told ? features & XDP_FEATURE_BASIC : driver_knows_xdp(driver);
	ok = native || config->attach != HF_ATTACH_NATIVE;
	hf_doctor_add(checks, "xdp-mode", ok,
		      ok ? native ? "" : "generic works, slower; another driver would do native"
			 : "fastpath.attach: auto or generic, or a driver with native XDP",
		      "driver %s %s native XDP (%s)", driver, native ? "has" : "has no",
		      told ? "says the kernel" : "by its name");
	check_mtu(checks, config, mtu, told, told && features & XDP_FEATURE_FRAGMENTS);
	if (config->io == HF_IO_DPDK && told && native)
		hf_doctor_add(checks, "af-xdp", true, "", "%s",
			      features & XDP_FEATURE_ZEROCOPY ? "zero-copy" : "copy mode");
	if (strcmp(driver, "veth") == 0)
		hf_doctor_add(checks, "veth-peer", true,
			      "attach an XDP program (a trivial pass) to the peer, or its native answers are lost",
			      "%s is one end of a veth pair", config->interface);
}

/* ---- the interface ---- */

static unsigned count_rx_queues(const char *interface)
{
	char path[64];
	struct dirent *entry;
	unsigned count = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", interface);
	directory = opendir(path);
	while (directory && (entry = readdir(directory)))
		count += strncmp(entry->d_name, "rx-", 3) == 0;
	if (directory)
		closedir(directory);
	return count;
}

void hf_doctor_check_interface(json_t *checks, const struct hf_config *config)
{
	struct ethtool_drvinfo information = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {0};
	unsigned ifindex = if_nametoindex(config->interface), queues;
	int fd, mtu = 0;

	if (!ifindex) {
		hf_doctor_add(checks, "interface", false, "ip link shows what there is; set dataplane.interface",
			      "there is no interface %s", config->interface);
		return;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", config->interface);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0) {
		hf_doctor_add(checks, "interface", false, "", "%s: %s", config->interface, strerror(errno));
	} else if (request.ifr_flags & IFF_UP) {
		hf_doctor_add(checks, "interface", true, "", "%s is up", config->interface);
	} else {
		char mend[64];

		snprintf(mend, sizeof(mend), "ip link set %s up", config->interface);
		hf_doctor_add(checks, "interface", false, mend, "%s is down", config->interface);
	}
	if (fd >= 0 && ioctl(fd, SIOCGIFMTU, &request) == 0)
		mtu = request.ifr_mtu;
	request.ifr_data = (char *)&information;
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request) != 0)
		snprintf(information.driver, sizeof(information.driver), "unknown");
	if (fd >= 0)
		close(fd);
	check_xdp_mode(checks, config, ifindex, information.driver, mtu);
	queues = count_rx_queues(config->interface);
	if (config->io == HF_IO_DPDK && queues) /* 0: sysfs of another network namespace */
		hf_doctor_add(checks, "queues", config->queues == queues,
			      config->queues == queues
				      ? ""
				      : "make dataplane.queues equal, or ethtool -L: frames of a queue that "
					"nobody polls go to the kernel's stack",
			      "%s has %u, dataplane.queues is %u", config->interface, queues, config->queues);
}

/* ---- BPF ---- */

#ifdef HF_WITH_FASTPATH
/* Whose program is on the interface: the pinned link's, nobody's, or a stranger's. */
static void check_attached(json_t *checks, const struct hf_config *config)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	unsigned ifindex = if_nametoindex(config->interface);
	struct bpf_link_info link = {0};
	uint32_t length = sizeof(link);
	char directory[HF_PINS_PATH_MAX], path[HF_PINS_PATH_MAX + 16], mend[128];
	int fd;

	if (!ifindex || bpf_xdp_query((int)ifindex, 0, &query) != 0 ||
	    !hf_pins_directory(config->bpffs, config->interface, directory))
		return;
	snprintf(path, sizeof(path), "%s/%s", directory, HF_PIN_LINK);
	fd = bpf_obj_get(path);
	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &link, &length) != 0)
		memset(&link, 0, sizeof(link));
	if (fd >= 0)
		close(fd);
	snprintf(mend, sizeof(mend), "ip link set dev %s xdp off; if it hangs on a link: bpftool link detach id N, N from bpftool link show", config->interface);
	if (query.attach_mode == XDP_ATTACHED_NONE)
		hf_doctor_add(checks, "xdp-program", true, "", "none is attached to %s", config->interface);
	else if (link.prog_id && link.prog_id == query.prog_id)
		hf_doctor_add(checks, "xdp-program", true, "", "holdfast's is attached to %s, %s", config->interface,
			      query.attach_mode == XDP_ATTACHED_SKB ? "generic" : "native");
	else
		hf_doctor_add(checks, "xdp-program", false, mend, "another XDP program (id %u) is attached to %s",
			      query.prog_id, config->interface);
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

void hf_doctor_check_bpf(json_t *checks, const struct hf_config *config)
{
	libbpf_print_fn_t print = libbpf_set_print(print_nothing);
	char existing[256];
	struct statfs fs = {0};
	int xdp, clock, xskmap;

	/* The configured directory is made at start: look at the nearest one that exists. */
	snprintf(existing, sizeof(existing), "%s", config->bpffs);
	while (statfs(existing, &fs) != 0 && strrchr(existing, '/') > existing)
		*strrchr(existing, '/') = '\0';
	hf_doctor_add(checks, "bpffs", (uint32_t)fs.f_type == BPF_FS_MAGIC,
		      (uint32_t)fs.f_type == BPF_FS_MAGIC ? "" : "mount -t bpf bpf /sys/fs/bpf",
		      "%s %s a BPF file system", config->bpffs,
		      (uint32_t)fs.f_type == BPF_FS_MAGIC ? "is on" : "is not on");
	xdp = libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, NULL);
	clock = libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_ktime_get_coarse_ns, NULL);
	xskmap = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_XSKMAP, NULL);
	hf_doctor_add(
		checks, "bpf", xdp == 1 && clock == 1 && xskmap == 1,
		xdp == 1 && clock == 1 && xskmap == 1
			? ""
			: "run as root; a kernel with CONFIG_BPF_SYSCALL and CONFIG_XDP_SOCKETS, without lockdown",
		"XDP programs: %s, coarse clock: %s, AF_XDP map: %s", xdp == 1 ? "yes" : "no",
		clock == 1 ? "yes" : "no", xskmap == 1 ? "yes" : "no");
	check_attached(checks, config);
	libbpf_set_print(print);
}
#else
void hf_doctor_check_bpf(json_t *checks, const struct hf_config *config)
{
	if (config->fastpath)
		hf_doctor_add(checks, "bpf", false, "build with libbpf, clang and bpftool",
			      "this build has no fast path");
}
#endif

/* ---- listen addresses ---- */

static int bind_to(const struct hf_address *address, int type, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(address->family == 4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0), one = 1, fault = 0;

	if (fd < 0)
		return errno;
	memcpy(&v4.sin_addr, address->bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, address->bytes, sizeof(v6.sin6_addr));
	if (type == SOCK_STREAM) /* connections in TIME_WAIT are no hindrance */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (address->family == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, address->family == 4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		 address->family == 4 ? sizeof(v4) : sizeof(v6)) != 0 ||
	    (type == SOCK_STREAM && listen(fd, 1) != 0))
		fault = errno;
	close(fd);
	return fault;
}

void hf_doctor_check_listen(json_t *checks, const struct hf_config *config, bool dataplane_runs)
{
	char text[HF_ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < config->listen_count; i++) {
		const struct hf_address *address = &config->listen[i];
		int fault = bind_to(address, SOCK_DGRAM, 0);

		hf_address_to_text(address, text);
		if (fault) {
			hf_doctor_add(checks, "listen", false, "ip addr add it to an interface, or change listen",
				      "%s: %s", text, strerror(fault));
			continue;
		}
		if (dataplane_runs) {
			hf_doctor_add(checks, "listen", true, "", "%s is an address of this host", text);
			continue;
		}
		fault = bind_to(address, SOCK_DGRAM, address->port);
		if (!fault)
			fault = bind_to(address, SOCK_STREAM, address->port);
		hf_doctor_add(checks, "listen", fault == 0,
			      fault == EADDRINUSE ? "stop the other server (systemd-resolved: DNSStubListener=no)"
			      : fault == EACCES	  ? "ports below 1024 need CAP_NET_BIND_SERVICE"
						  : "",
			      "%s %s", text, fault ? strerror(fault) : "is free");
	}
}
